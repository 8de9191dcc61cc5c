# Warnings and sanitizers for one of our own targets.
function(vkdit_warnings target)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wno-missing-field-initializers)
    if(VKDIT_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
    if(VKDIT_SANITIZE)
        target_compile_options(${target} PRIVATE -fsanitize=${VKDIT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
        target_link_options(${target} PUBLIC -fsanitize=${VKDIT_SANITIZE})
    endif()
    # torch's random numbers are defined to the last bit: no contraction behind our back
    target_compile_options(${target} PRIVATE -ffp-contract=off)
endfunction()
