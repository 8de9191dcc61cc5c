# GLSL -> SPIR-V -> one C file with a table of blobs.
# shaders/MANIFEST holds one line per blob: "NAME SOURCE.comp [DEFINE[=VALUE] ...]"; "#" starts a comment.
# The compiler writes which files it read, so a changed include rebuilds only the shaders that use it.
function(vkdit_shaders out)
    find_program(GLSLANG NAMES glslangValidator glslang REQUIRED)
    find_program(SPIRV_VAL spirv-val REQUIRED)
    set(dir ${CMAKE_BINARY_DIR}/shaders)
    file(MAKE_DIRECTORY ${dir})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/shaders/MANIFEST)
    file(STRINGS ${CMAKE_SOURCE_DIR}/shaders/MANIFEST lines REGEX "^[a-z]")
    set(names)
    set(spvs)
    foreach(line ${lines})
        separate_arguments(defines UNIX_COMMAND "${line}")
        list(POP_FRONT defines name source)
        list(TRANSFORM defines PREPEND -D)
        set(spv ${dir}/${name}.spv)
        add_custom_command(OUTPUT ${spv}
            COMMAND ${GLSLANG} -V -g0 --quiet --target-env vulkan1.1 --depfile ${spv}.d -I${CMAKE_SOURCE_DIR}/shaders ${defines}
                    ${CMAKE_SOURCE_DIR}/shaders/${source} -o ${spv}
            COMMAND ${SPIRV_VAL} --target-env vulkan1.1 --scalar-block-layout ${spv}
            DEPENDS ${CMAKE_SOURCE_DIR}/shaders/${source} DEPFILE ${spv}.d
            COMMENT "shader ${name}" VERBATIM)
        list(APPEND names ${name})
        list(APPEND spvs ${spv})
    endforeach()
    set(blobs ${CMAKE_BINARY_DIR}/blobs.c)
    add_custom_command(OUTPUT ${blobs}
        COMMAND ${CMAKE_COMMAND} -DOUT=${blobs} -DDIR=${dir} "-DNAMES=${names}" -P ${CMAKE_SOURCE_DIR}/cmake/blobs.cmake
        DEPENDS ${spvs} ${CMAKE_SOURCE_DIR}/cmake/blobs.cmake COMMENT "shader table" VERBATIM)
    set(${out} ${blobs} PARENT_SCOPE)
endfunction()
