# What `cmake --install` lays down: library, header, program, CMake package, pkg-config file, manual, assets.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS vkdit EXPORT vkdit LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES include/vkdit.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET vkdit_cli)
    install(TARGETS vkdit_cli DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/vkdit)
install(EXPORT vkdit NAMESPACE vkdit:: FILE vkditTargets.cmake DESTINATION ${package})
configure_package_config_file(cmake/vkditConfig.cmake.in vkditConfig.cmake INSTALL_DESTINATION ${package})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(vkditConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/vkditConfig.cmake ${CMAKE_BINARY_DIR}/vkditConfigVersion.cmake DESTINATION ${package})

# The prefix is written relative to the .pc file, so an installed tree can be moved.
file(RELATIVE_PATH PC_PREFIX /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p)
configure_file(cmake/vkdit.pc.in vkdit.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/vkdit.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(EXISTS ${CMAKE_SOURCE_DIR}/assets)
    install(DIRECTORY assets/ DESTINATION ${CMAKE_INSTALL_DATADIR}/vkdit)
endif()
if(TARGET vkdit_cli AND EXISTS ${CMAKE_SOURCE_DIR}/cmake/docs.cmake)
    include(cmake/docs.cmake)
    vkdit_docs() # manual page and completions, from the program's own option table
endif()
