# parley_module(NAME net DEPENDS base http ws LINK parley_asio OpenSSL::SSL [PCH file.hpp] [ALONE a.cpp])
#
# A folder is an include path, a namespace and a target: parley/net, parley::net, parley::net.
# Sources are all *.cpp of the folder and of the folders in it; *_test.cpp become the program
# parley_net_test. DEPENDS is the one place where "may use" is written; scripts/check-layers compares
# every #include with it. WEBSOCKET_PARTS is a regular expression of files that are left out, with the
# module ws, where PARLEY_WEBSOCKET_STREAMING is off. LEFT_OUT is one of files that are left out in any
# case: of an option that is off.
#
# With PARLEY_UNITY the sources of a library are compiled in groups, which more than halves a build from
# nothing. So names in unnamed namespaces are distinct within a module, or their file is named after
# ALONE. Tests are compiled one by one.
function(parley_module)
  cmake_parse_arguments(M "" "NAME;PCH;PCH_FROM;WEBSOCKET_PARTS;LEFT_OUT" "DEPENDS;LINK;LINK_PUBLIC;TEST_LINK;ALONE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp */*.cpp)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(_test|main)\\.cpp$")

  set(left_out "^$")
  if(M_LEFT_OUT)
    set(left_out "${M_LEFT_OUT}")
    list(FILTER sources EXCLUDE REGEX "${left_out}")
  endif()
  if(NOT PARLEY_WEBSOCKET_STREAMING)
    list(REMOVE_ITEM M_DEPENDS ws)
    if(M_WEBSOCKET_PARTS)
      set(left_out "${M_WEBSOCKET_PARTS}")
      list(FILTER sources EXCLUDE REGEX "${left_out}")
    endif()
  endif()

  set(target parley_${M_NAME})
  add_library(${target} STATIC ${sources})
  add_library(parley::${M_NAME} ALIAS ${target})
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${PARLEY_UNITY} UNITY_BUILD_BATCH_SIZE 8)
  if(PARLEY_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # It is meant for headers, and a source in a group looks like one.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
  set_source_files_properties(${M_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
                             $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${target} PUBLIC cxx_std_23)
  foreach(dependency IN LISTS M_DEPENDS)
    target_link_libraries(${target} PUBLIC parley_${dependency})
  endforeach()
  target_link_libraries(${target} PUBLIC ${M_LINK_PUBLIC} PRIVATE ${M_LINK} parley_flags)
  if(M_PCH)
    target_precompile_headers(${target} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/${M_PCH})
  elseif(M_PCH_FROM)
    target_precompile_headers(${target} REUSE_FROM parley_${M_PCH_FROM})
  else()
    set_target_properties(${target} PROPERTIES PARLEY_PURE ON)
  endif()

  parley_install_target(${target} ${M_NAME})
  set_property(GLOBAL APPEND PROPERTY PARLEY_COMPONENTS ${M_NAME})
  install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/parley/${M_NAME}
          FILES_MATCHING PATTERN "*.hpp" PATTERN "detail" EXCLUDE PATTERN "test_*" EXCLUDE
          REGEX "${left_out}" EXCLUDE)

  if(PARLEY_TESTS AND tests)
    add_executable(${target}_test ${tests})
    target_link_libraries(${target}_test PRIVATE ${target} ${M_LINK} ${M_TEST_LINK} parley_flags
                          GTest::gtest GTest::gmock GTest::gtest_main)
    if(M_PCH OR M_PCH_FROM)
      # The library's flags, so that its precompiled header fits.
      set_target_properties(${target}_test PROPERTIES POSITION_INDEPENDENT_CODE OFF)
      target_compile_options(${target}_test PRIVATE -fPIC)
      target_precompile_headers(${target}_test REUSE_FROM ${target})
    else()
      set_target_properties(${target}_test PROPERTIES PARLEY_PURE ON)
    endif()
    target_compile_definitions(${target}_test PRIVATE
      PARLEY_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    add_test(NAME ${M_NAME} COMMAND ${target}_test)
    set_tests_properties(${M_NAME} PROPERTIES TIMEOUT 600)
  endif()
endfunction()
