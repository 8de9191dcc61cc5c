# Warnings, sanitizers and floating point rules for one of our own targets.
function(vkdit_warnings target)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow -Wvla -Wno-missing-field-initializers
        $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>)
    if(VKDIT_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
    if(VKDIT_SANITIZE)
        target_compile_options(${target} PRIVATE -fsanitize=${VKDIT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
        target_link_options(${target} PUBLIC -fsanitize=${VKDIT_SANITIZE})
    endif()
    if(VKDIT_FUZZ)
        target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
    endif()
    # torch's random numbers are defined to the last bit: no contraction behind our back
    target_compile_options(${target} PRIVATE -ffp-contract=off)
endfunction()
