#pragma once

#include <string>
#include <vector>

#include "parley/emulator/rest/service.hpp"
#include "parley/emulator/script/script.hpp"

namespace parley::emulator {

// What a request's path asks for.
struct Service::Route {
  std::string version;
  std::string model;   // bare; empty: the list
  std::string method;  // "generateContent" …; empty: GET
  // Of other collections than models: the segments behind the version.
  std::vector<std::string> resource;
  bool upload = false;
  int cached_tokens = 0;         // of the prompt that come from cached contents
  int file_tokens = 0;           // of the prompt that come from files that it names
  std::string key;               // of the request, or its token
  const Reply* reply = nullptr;  // what a script answers

  // Vertex AI. The project is empty in express mode and for the catalogue.
  bool vertex = false;
  std::string project, location;
  std::string parent() const;  // "projects/P/locations/L/", or nothing
  // Reads the segments behind the version; false where Vertex AI has no such path.
  bool read_vertex(const std::vector<std::string>& segments);
};

// The key or token that a request carries, in any of the places the service takes it from.
std::string key_of(const http::Request& request, const http::Target& target);
// An answer of the Developer API becomes one of Vertex AI: its time, no index, the kind of traffic;
// all counts but that stand in the last message of a stream only.
void as_vertex(gemini::GenerateContentResponse& response, WallTime now, bool last);
// A model as the catalogue of Vertex AI shows it: without limits and methods.
json::Object publisher_entry(const gemini::Model& model);
// `parent`: Route::parent().
Answer no_publisher_model(const std::string& parent, std::string_view model);

}  // namespace parley::emulator
