#include "parley/gemini/continuity/prices.hpp"

#include <algorithm>

#include "parley/gemini/types.hpp"

namespace parley::gemini {
namespace {

TokenPrice price(std::string model, double in_text, double in_audio, double out_text,
                 double out_audio) {
  TokenPrice out;
  out.model = std::move(model);
  out.in_text = in_text;
  out.in_audio = out.in_image = in_audio;
  out.out_text = out_text;
  out.out_audio = out_audio;
  return out;
}

const TokenPrice* find(std::string_view model, const std::vector<TokenPrice>& prices) {
  const TokenPrice* found = nullptr;
  for (const auto& row : prices)
    if (model_id(model).starts_with(row.model) &&
        (found == nullptr || row.model.size() > found->model.size()))
      found = &row;
  return found;
}

struct Window {
  std::string_view model;
  std::int64_t tokens;
};
constexpr Window kWindows[] = {
    {"gemini-3.8-live", 131'072},
    {"gemini-3.1-flash-live", 131'072},
    {"gemini-2.5-flash-native-audio", 131'072},
    {"gemini-live-2.5-flash-native-audio", 131'072},
    {"gemini-live-2.5-flash", 32'768},
    {"gemini-2.0-flash-live", 32'768},
};

}  // namespace

const std::vector<TokenPrice>& live_prices() {
  static const std::vector<TokenPrice> rows = {
      price("gemini-2.5-flash-native-audio", 0.50, 3.00, 2.00, 12.00),
      price("gemini-live-2.5-flash", 0.50, 3.00, 2.00, 12.00),
      price("gemini-2.0-flash-live", 0.35, 2.10, 1.50, 8.50),
  };
  return rows;
}

bool has_price(std::string_view model, const std::vector<TokenPrice>& prices) {
  return find(model, prices) != nullptr;
}

double cost_of(const Usage& usage, std::string_view model, const std::vector<TokenPrice>& prices) {
  const auto* row = find(model, prices);
  if (row == nullptr) return 0;
  const auto sum = [](const TokensByModality& by) {
    return by.text + by.image + by.video + by.audio + by.document;
  };
  const bool spoken = usage.answer_by.audio > 0;
  const auto& in = usage.prompt_by;
  const auto& out = usage.answer_by;
  const auto in_rest = std::max<std::int64_t>(0, usage.prompt + usage.tool_use - sum(in));
  const auto out_rest = std::max<std::int64_t>(0, usage.answer - sum(out));
  const auto in_text = static_cast<double>(in.text + in.document + in_rest);
  double cost = in_text * row->in_text + static_cast<double>(in.audio) * row->in_audio +
                static_cast<double>(in.image + in.video) * row->in_image;
  cost += static_cast<double>(out.text + usage.thoughts) * row->out_text +
          static_cast<double>(out.audio) * row->out_audio;
  cost += static_cast<double>(out_rest) * (spoken ? row->out_audio : row->out_text);
  return cost / 1e6;
}

std::int64_t context_window(std::string_view model) {
  std::int64_t tokens = 0;
  std::size_t longest = 0;
  for (const auto& row : kWindows)
    if (model_id(model).starts_with(row.model) && row.model.size() > longest) {
      longest = row.model.size();
      tokens = row.tokens;
    }
  return tokens;
}

}  // namespace parley::gemini
