# vkdit_docs(): the manual page and the shell completions, written by the built program itself, and their installation.
# Needs the target vkdit_cli. A program for another machine cannot be run here: then there are none.
function(vkdit_docs)
    if(CMAKE_CROSSCOMPILING)
        return()
    endif()
    set(folder ${CMAKE_BINARY_DIR}/docs)
    file(MAKE_DIRECTORY ${folder})
    set(made)
    # file, the command's words, where it is installed
    foreach(row "vkdit.1|help --man|${CMAKE_INSTALL_MANDIR}/man1"
                "vkdit|completions bash|${CMAKE_INSTALL_DATADIR}/bash-completion/completions"
                "_vkdit|completions zsh|${CMAKE_INSTALL_DATADIR}/zsh/site-functions"
                "vkdit.fish|completions fish|${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
        string(REPLACE "|" ";" row "${row}")
        list(GET row 0 file)
        list(GET row 1 words)
        list(GET row 2 where)
        separate_arguments(words)
        add_custom_command(OUTPUT ${folder}/${file} COMMAND vkdit_cli ${words} > ${folder}/${file} DEPENDS vkdit_cli VERBATIM
            COMMENT "Writing ${file}")
        list(APPEND made ${folder}/${file})
        install(FILES ${folder}/${file} DESTINATION ${where})
    endforeach()
    add_custom_target(vkdit_documents ALL DEPENDS ${made})
endfunction()
