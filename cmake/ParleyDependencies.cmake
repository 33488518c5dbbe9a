# Every third-party library, found once. Which module may use which is in docs/architecture.md.

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_library(PARLEY_BROTLI_ENCODER brotlienc REQUIRED)
find_library(PARLEY_BROTLI_DECODER brotlidec REQUIRED)
find_package(simdjson REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(SQLite3 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp REQUIRED CONFIG)
if(PARLEY_TESTS)
  find_package(GTest REQUIRED)
endif()
# CMake's own module wants the server's headers as well.
if(PARLEY_POSTGRES)
  find_path(PARLEY_LIBPQ_INCLUDE libpq-fe.h PATH_SUFFIXES postgresql REQUIRED)
  find_library(PARLEY_LIBPQ pq REQUIRED)
  add_library(parley_postgres INTERFACE)
  target_include_directories(parley_postgres SYSTEM INTERFACE $<BUILD_INTERFACE:${PARLEY_LIBPQ_INCLUDE}>)
  target_link_libraries(parley_postgres INTERFACE pq)
endif()

# Asio is header-only here; these keep its old interfaces out.
add_library(parley_asio INTERFACE)
target_link_libraries(parley_asio INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(parley_asio INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)

# Brotli has no package for CMake; its names are the same everywhere.
add_library(parley_brotli INTERFACE)
target_link_libraries(parley_brotli INTERFACE brotlienc brotlidec)

# Sound devices of `parley live`; empty where PARLEY_ALSA is off.
add_library(parley_sound INTERFACE)
if(PARLEY_ALSA)
  target_link_libraries(parley_sound INTERFACE asound)
  target_compile_definitions(parley_sound INTERFACE PARLEY_ALSA)
endif()
