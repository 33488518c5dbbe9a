# parley_generate(TARGET elevenlabs DEFINITION elevenlabs.yaml [PARTS types clients …] [OUTPUT folder]
#                 [INCLUDE_PREFIX acme/] [NAMESPACE acme::speech])
#
# A static library TARGET of the C++ that `parley generate` makes from a definition, made anew when
# the definition or the generator changes. Its headers are included as <api>/types.hpp; the folder is
# named by the last word of the namespace (NAMESPACE, or the definition's). PARTS: types, clients,
# exercise (default: types clients). Needs parley::json for types and parley::api for the rest.
function(parley_generate)
  cmake_parse_arguments(G "" "TARGET;DEFINITION;OUTPUT;INCLUDE_PREFIX;NAMESPACE" "PARTS" ${ARGN})
  if(NOT G_TARGET OR NOT G_DEFINITION)
    message(FATAL_ERROR "parley_generate needs TARGET and DEFINITION")
  endif()
  if(NOT G_PARTS)
    set(G_PARTS types clients)
  endif()
  get_filename_component(definition ${G_DEFINITION} ABSOLUTE)
  if(NOT G_OUTPUT)
    set(G_OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${G_TARGET})
  endif()
  if(TARGET parley::generate)
    set(generator $<TARGET_FILE:parley::generate>)
    set(generator_target parley::generate)
  else()
    set(generator $<TARGET_FILE:parley-generate>)
    set(generator_target parley-generate)
  endif()
  list(JOIN G_PARTS "," parts)
  set(folder ${G_OUTPUT})
  set(arguments ${definition} --only ${parts} --quiet)
  if(G_INCLUDE_PREFIX)
    set(folder ${G_OUTPUT}/${G_INCLUDE_PREFIX})
    list(APPEND arguments --include-prefix ${G_INCLUDE_PREFIX})
  endif()
  if(G_NAMESPACE)
    list(APPEND arguments --namespace ${G_NAMESPACE})
  endif()
  list(APPEND arguments --output ${folder} --gather ${folder}/${G_TARGET})

  # The files' names follow from the endpoints, so each part is gathered in one source of a fixed name.
  set(sources "")
  foreach(part IN LISTS G_PARTS)
    list(APPEND sources ${folder}/${G_TARGET}_${part}.cpp)
  endforeach()
  # Ninja looks at files before it runs the generator, and knows nothing of the headers that come from
  # it: a changed definition configures anew, and is generated then, where the generator is there.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${definition})
  if(TARGET parley::generate)
    get_target_property(program parley::generate LOCATION)
  else()
    set(program ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/parley-generate)
  endif()
  if(EXISTS ${program})
    execute_process(COMMAND ${program} ${arguments} ERROR_QUIET)  # the build tells its errors
  endif()
  add_custom_command(
    OUTPUT ${sources}
    COMMAND ${generator} ${arguments}
    DEPENDS ${definition} ${generator_target}
    COMMENT "Generating ${G_TARGET} from ${G_DEFINITION}"
    VERBATIM)
  add_library(${G_TARGET} STATIC ${sources})
  target_include_directories(${G_TARGET} PUBLIC $<BUILD_INTERFACE:${G_OUTPUT}>)
  target_compile_features(${G_TARGET} PUBLIC cxx_std_23)
  set(wanted parley::json)
  if("clients" IN_LIST G_PARTS OR "exercise" IN_LIST G_PARTS)
    set(wanted parley::api)
  endif()
  target_link_libraries(${G_TARGET} PUBLIC ${wanted})
endfunction()
