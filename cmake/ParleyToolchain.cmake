# Warnings, sanitizers, ccache and mold, for our own targets only.

find_program(PARLEY_CCACHE ccache)
if(PARLEY_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Precompiled headers need these (ccache manual, "Precompiled headers").
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${PARLEY_CCACHE})
endif()

find_program(PARLEY_MOLD mold)
add_library(parley_flags INTERFACE)
target_compile_options(parley_flags INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of GCC 12 with optimisation: the first two inside Boost.Asio, the others in std::string.
  target_compile_options(parley_flags INTERFACE -fcoroutines -Wno-mismatched-new-delete
                         -Wno-maybe-uninitialized -Wno-restrict -Wno-array-bounds -fpch-preprocess
                         -fno-semantic-interposition)
endif()
if(PARLEY_MOLD)
  target_link_options(parley_flags INTERFACE $<BUILD_INTERFACE:-fuse-ld=mold>)  # not of who uses the package
endif()
if(PARLEY_SANITIZE)
  target_compile_options(parley_flags INTERFACE -fsanitize=${PARLEY_SANITIZE}
                         -fno-omit-frame-pointer -fno-sanitize-recover=all)
  if(PARLEY_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(parley_flags INTERFACE -Wno-tsan)  # of fences in Boost.Asio
  endif()
  if(PARLEY_SANITIZE MATCHES undefined)
    # A look at every pointer that is followed takes a third of the time in which what is made of
    # Asio compiles. ASan stops at null pointers as well; alignment matters where bytes are read,
    # which is in the pure modules (PARLEY_PURE), and there nothing is left out.
    target_compile_options(parley_flags INTERFACE
      $<$<NOT:$<BOOL:$<TARGET_PROPERTY:PARLEY_PURE>>>:-fno-sanitize=null,alignment,object-size>)
  endif()
  target_link_options(parley_flags INTERFACE -fsanitize=${PARLEY_SANITIZE})
endif()
