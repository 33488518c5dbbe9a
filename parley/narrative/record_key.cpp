#include <fmt/format.h>
#include <openssl/evp.h>

#include "parley/json/value.hpp"
#include "parley/narrative/record.hpp"

namespace parley::narrative {

std::string sha256(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  std::string out;
  for (unsigned int i = 0; i < size; ++i) out += fmt::format("{:02x}", digest[i]);
  return out;
}

std::string key_of(std::string_view model, const gemini::GenerateContentRequest& request) {
  return sha256(std::string(model) + "\n" + json::encode_text(request));
}

json::Any for_record(const gemini::GenerateContentRequest& request) {
  auto shortened = request;
  if (shortened.contents)
    for (auto& content : *shortened.contents) {
      if (!content.parts) continue;
      for (auto& part : *content.parts) {
        if (!part.inline_data || !part.inline_data->data) continue;
        const auto bytes = as_text(*part.inline_data->data);
        const auto told =
            fmt::format("[{}, {} bytes, SHA-256 {}]", part.inline_data->mime_type.value_or(""),
                        bytes.size(), sha256(bytes));
        part = gemini::text_part(told);
      }
    }
  auto value = json::parse(json::encode_text(shortened), json::trusted_limits());
  return value ? json::Any(std::move(*value)) : json::Any();
}

}  // namespace parley::narrative
