#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parley/gemini/live_event.hpp"

namespace parley::gemini {

// What a million tokens of a model cost, by the modality of what goes in and comes out.
struct TokenPrice {
  TokenPrice() = default;
  std::string model;  // the beginning of its bare name; the longest that fits is taken
  double in_text = 0, in_audio = 0, in_image = 0;  // video as images
  double out_text = 0, out_audio = 0;              // thoughts as text
};

// US dollars, paid tier, of the models whose prices had been published when this was written
// (2.0 and 2.5; late 2025): check them against the price page before you rely on them.
const std::vector<TokenPrice>& live_prices();
bool has_price(std::string_view model, const std::vector<TokenPrice>& prices);

// In the table's currency; 0 where the table does not have the model. What came without a modality
// goes in as text, and out as what the rest of the answer is.
double cost_of(const Usage& usage, std::string_view model, const std::vector<TokenPrice>& prices);

// The model's context in tokens; 0: not known. A table of November 2026 (the models page).
std::int64_t context_window(std::string_view model);

}  // namespace parley::gemini
