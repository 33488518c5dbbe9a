#pragma once

// Recorded answers of the service, and what they say, read in another way than the product does.

#include <string>
#include <vector>

namespace parley::testing {

struct Recording {
  Recording() = default;
  std::string name;  // unique; usable in a model's name
  bool streamed = false;
  std::string bytes;
};

// What a client must make of a recording.
struct Expected {
  Expected() = default;
  std::string text;      // of the first candidates, thoughts left out
  bool readable = true;  // false: it is no answer of the service
  int error_code = 0;    // of an error document
  std::string error_status;
  std::string error_message;
};

// Those in this repository, and those of `../shared/data` where that folder is.
std::vector<Recording> all_recordings();
std::vector<Recording> own_recordings();
bool shared_recordings_are_here();

Expected expected_of(const std::string& bytes);

}  // namespace parley::testing
