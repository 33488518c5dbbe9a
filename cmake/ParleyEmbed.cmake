# parley_embed(TARGET parley_server FOLDER web NAMES lite/index.html lite/lite.js …)
#
# Puts files into the program's read-only data: a generated source of TARGET with .incbin, and the
# function `parley::server::detail::embedded_files()` that lists them (detail/embedded.hpp).
function(parley_embed)
  cmake_parse_arguments(E "" "TARGET;FOLDER" "NAMES" ${ARGN})
  set(assembly "")
  set(declarations "")
  set(rows "")
  set(paths "")
  set(index 0)
  foreach(name IN LISTS E_NAMES)
    set(path ${PROJECT_SOURCE_DIR}/${E_FOLDER}/${name})
    list(APPEND paths ${path})
    string(APPEND assembly
      "asm(\".section .rodata\\n.balign 16\\nparley_file_${index}:\\n.incbin \\\"${path}\\\"\\n\"\n"
      "    \"parley_file_${index}_end:\\n.byte 0\\n.previous\\n\");\n")
    string(APPEND declarations
      "extern \"C\" const char parley_file_${index}[];\nextern \"C\" const char parley_file_${index}_end[];\n")
    string(APPEND rows
      "      {\"${name}\", {parley_file_${index}, static_cast<std::size_t>(parley_file_${index}_end - parley_file_${index})}},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded.cpp)
  file(CONFIGURE OUTPUT ${output} CONTENT "#include \"parley/server/detail/embedded.hpp\"

@assembly@
@declarations@
namespace parley::server::detail {

std::span<const EmbeddedFile> embedded_files() {
  static const EmbeddedFile files[] = {
@rows@  };
  return files;
}

}  // namespace parley::server::detail
" @ONLY)
  target_sources(${E_TARGET} PRIVATE ${output})
  set_source_files_properties(${output} PROPERTIES OBJECT_DEPENDS "${paths}")
endfunction()
