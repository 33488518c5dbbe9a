#pragma once

#include <optional>
#include <string_view>

#include "parley/emulator/rest/service.hpp"

namespace parley::emulator::detail {

// Reads a generate request as strictly as the service does: unknown members, empty contents and
// parts with two payloads are refused with its words. On refusal `refusal` is set.
gemini::GenerateContentRequest read_request(std::string_view body, std::optional<Answer>& refusal);

// A text's direction; on a request that the service would not take, `refusal` is set.
gemini::ContentEmbedding embed(const gemini::EmbedContentRequest& request,
                               std::optional<Answer>& refusal);

}  // namespace parley::emulator::detail
