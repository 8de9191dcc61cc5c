# GLSL -> SPIR-V -> one C file with a table of blobs.
# shaders/MANIFEST holds one line per blob: "NAME SOURCE.comp [@prebuilt] [@vulkan1.3] [DEFINE[=VALUE] ...]"; "#" starts a
# comment. @vulkan1.3: needs that version's SPIR-V; others are for Vulkan 1.1.
# @prebuilt: needs extensions that older compilers refuse; then shaders/prebuilt/NAME.spv is used as committed.
# The compiler writes which files it read, so a changed include rebuilds only the shaders that use it.

# Whether the compiler knows what @prebuilt shaders need.
function(vkdit_knows_new glslang dir out)
    file(WRITE ${dir}/probe.comp "#version 450
#extension GL_KHR_cooperative_matrix : require
#extension GL_NV_cooperative_matrix2 : require
#extension GL_EXT_integer_dot_product : require
void main() {}
")
    execute_process(COMMAND ${glslang} -V --target-env vulkan1.3 ${dir}/probe.comp -o ${dir}/probe.spv
        RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
    if(failed)
        set(${out} OFF PARENT_SCOPE)
    else()
        set(${out} ON PARENT_SCOPE)
    endif()
endfunction()

function(vkdit_shaders out)
    find_program(GLSLANG NAMES glslangValidator glslang REQUIRED)
    find_program(SPIRV_VAL spirv-val REQUIRED)
    set(dir ${CMAKE_BINARY_DIR}/shaders)
    file(MAKE_DIRECTORY ${dir})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/shaders/MANIFEST)
    file(STRINGS ${CMAKE_SOURCE_DIR}/shaders/MANIFEST lines REGEX "^[a-z]")
    vkdit_knows_new(${GLSLANG} ${dir} knows_new)
    set(names)
    set(spvs)
    foreach(line ${lines})
        separate_arguments(defines UNIX_COMMAND "${line}")
        list(POP_FRONT defines name source)
        set(spv ${dir}/${name}.spv)
        list(APPEND names ${name})
        list(APPEND spvs ${spv})
        if("@prebuilt" IN_LIST defines AND NOT knows_new)
            add_custom_command(OUTPUT ${spv}
                COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_SOURCE_DIR}/shaders/prebuilt/${name}.spv ${spv}
                DEPENDS ${CMAKE_SOURCE_DIR}/shaders/prebuilt/${name}.spv COMMENT "prebuilt shader ${name}" VERBATIM)
            continue()
        endif()
        set(target vulkan1.1)
        if("@vulkan1.3" IN_LIST defines)
            set(target vulkan1.3)
        endif()
        list(REMOVE_ITEM defines @prebuilt @vulkan1.3)
        list(TRANSFORM defines PREPEND -D)
        add_custom_command(OUTPUT ${spv}
            COMMAND ${GLSLANG} -V -g0 --quiet --target-env ${target} --depfile ${spv}.d -I${CMAKE_SOURCE_DIR}/shaders ${defines}
                    ${CMAKE_SOURCE_DIR}/shaders/${source} -o ${spv}
            COMMAND ${SPIRV_VAL} --target-env ${target} --scalar-block-layout ${spv}
            DEPENDS ${CMAKE_SOURCE_DIR}/shaders/${source} DEPFILE ${spv}.d
            COMMENT "shader ${name}" VERBATIM)
    endforeach()
    set(blobs ${CMAKE_BINARY_DIR}/blobs.c)
    add_custom_command(OUTPUT ${blobs}
        COMMAND ${CMAKE_COMMAND} -DOUT=${blobs} -DDIR=${dir} "-DNAMES=${names}" -P ${CMAKE_SOURCE_DIR}/cmake/blobs.cmake
        DEPENDS ${spvs} ${CMAKE_SOURCE_DIR}/cmake/blobs.cmake COMMENT "shader table" VERBATIM)
    set(${out} ${blobs} PARENT_SCOPE)
endfunction()
