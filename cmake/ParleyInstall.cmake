# What `cmake --install` puts where, and the package that find_package(parley) finds: one target for
# each module, parley::ws, parley::api …, the generator, and the function parley_generate. The package
# looks for what the asked components link, and for nothing else.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

function(parley_install_target target name)
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  install(TARGETS ${target} EXPORT parley ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endfunction()

function(parley_install_package)
  install(TARGETS parley_flags parley_asio parley_brotli parley_sound EXPORT parley)
  if(TARGET parley_postgres)
    install(TARGETS parley_postgres EXPORT parley)
  endif()
  install(TARGETS parley-generate EXPORT parley RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  set_target_properties(parley-generate PROPERTIES EXPORT_NAME generate)
  if(TARGET parley)
    install(TARGETS parley RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
  set(package ${CMAKE_INSTALL_LIBDIR}/cmake/parley)
  install(EXPORT parley NAMESPACE parley:: FILE parleyTargets.cmake DESTINATION ${package})
  get_property(PARLEY_COMPONENTS GLOBAL PROPERTY PARLEY_COMPONENTS)
  list(JOIN PARLEY_COMPONENTS " " PARLEY_COMPONENTS)
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/parleyConfig.cmake.in
                                ${CMAKE_BINARY_DIR}/parleyConfig.cmake INSTALL_DESTINATION ${package})
  write_basic_package_version_file(${CMAKE_BINARY_DIR}/parleyConfigVersion.cmake
                                   VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
  install(FILES ${CMAKE_BINARY_DIR}/parleyConfig.cmake ${CMAKE_BINARY_DIR}/parleyConfigVersion.cmake
                ${PROJECT_SOURCE_DIR}/cmake/ParleyGenerate.cmake DESTINATION ${package})
  install(DIRECTORY ${CMAKE_BINARY_DIR}/generated/parley/generated
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/parley FILES_MATCHING PATTERN "*.hpp")
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/definitions/ DESTINATION ${CMAKE_INSTALL_DATADIR}/parley/definitions
          FILES_MATCHING PATTERN "*.yaml")
endfunction()
