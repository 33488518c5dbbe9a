#pragma once

#include <memory>
#include <string>
#include <vector>

#include "parley/ws/context.hpp"
#include "parley/ws/deflate.hpp"
#include "parley/ws/detail/deflate_stream.hpp"

namespace parley::ws {

// Bytes that wait to be written.
struct Output {
  std::string bytes;
  std::size_t at = 0;                         // what was written of them
  std::size_t last_pong = std::string::npos;  // where an unsent pong stands at their end
  std::size_t pong_run = 0;                   // bytes of the pongs there, one behind the other
};

// Buffers and compressors that wait for their next use.
struct Context::Spare {
  // An empty string that may have capacity.
  std::string take_buffer();
  // Gives one back; `buffer` is empty and without memory afterwards.
  void give_back(std::string& buffer);

  std::unique_ptr<Output> take_output();
  void give_back(std::unique_ptr<Output> output);

  std::unique_ptr<detail::Inflater> take_inflater(int window_bits);
  void give_back(std::unique_ptr<detail::Inflater> inflater);
  std::unique_ptr<detail::Deflater> take_deflater(int window_bits, const DeflateAgreement& how);
  void give_back(std::unique_ptr<detail::Deflater> deflater);

  std::vector<std::string> buffers;
  std::vector<std::unique_ptr<Output>> outputs;
  std::vector<std::unique_ptr<detail::Inflater>> inflaters;
  std::vector<std::unique_ptr<detail::Deflater>> deflaters;
};

}  // namespace parley::ws
