#include "parley/emulator/detail/catalogue.hpp"

#include <algorithm>

namespace parley::emulator::detail {
namespace {

struct Row {
  std::string_view name;
  std::string_view display_name;
  int input;
  int output;
  std::string_view method = "generateContent";
};

constexpr Row kRows[] = {
    {"gemini-2.5-flash", "Gemini 2.5 Flash", 1'048'576, 65'536},
    {"gemini-2.5-pro", "Gemini 2.5 Pro", 1'048'576, 65'536},
    {"gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite", 1'048'576, 65'536},
    {"gemini-2.0-flash", "Gemini 2.0 Flash", 1'048'576, 8'192},
    {"gemini-2.0-flash-lite", "Gemini 2.0 Flash-Lite", 1'048'576, 8'192},
    {"gemini-3-flash-preview", "Gemini 3 Flash Preview", 1'048'576, 65'536},
    {"gemini-3.1-pro-preview", "Gemini 3.1 Pro Preview", 1'048'576, 65'536},
    {"gemini-3.1-flash-lite", "Gemini 3.1 Flash-Lite", 1'048'576, 65'536},
    {"gemini-3.5-flash", "Gemini 3.5 Flash", 1'048'576, 65'536},
    {"gemini-3.5-flash-lite", "Gemini 3.5 Flash-Lite", 1'048'576, 65'536},
    {"gemini-3.8-flash", "Gemini 3.8 Flash", 1'048'576, 65'536},
    {"gemini-flash-latest", "Gemini Flash Latest", 1'048'576, 65'536},
    {"gemini-flash-lite-latest", "Gemini Flash-Lite Latest", 1'048'576, 65'536},
    {"gemini-pro-latest", "Gemini Pro Latest", 1'048'576, 65'536},
    {"gemini-embedding-001", "Gemini Embedding 001", 2'048, 1, "embedContent"},
    {"gemini-embedding-2", "Gemini Embedding 2", 8'192, 1, "embedContent"},
    {"gemini-3.8-live", "Gemini 3.8 Live", 131'072, 65'536, "bidiGenerateContent"},
    {"gemini-3.8-live-extended-thinking", "Gemini 3.8 Live Extended Thinking", 131'072, 65'536,
     "bidiGenerateContent"},
    {"lyria-realtime-exp", "Lyria RealTime", 131'072, 8'192, "bidiGenerateMusic"},
    {"gemini-3.1-flash-live-preview", "Gemini 3.1 Flash Live Preview", 131'072, 65'536,
     "bidiGenerateContent"},
    {"gemini-2.5-flash-native-audio-preview-12-2025", "Gemini 2.5 Flash Native Audio", 131'072,
     8'192, "bidiGenerateContent"},
    {"gemini-2.5-flash-native-audio-latest", "Gemini 2.5 Flash Native Audio Latest", 131'072, 8'192,
     "bidiGenerateContent"},
    {"gemini-live-2.5-flash-preview", "Gemini Live 2.5 Flash", 131'072, 8'192,
     "bidiGenerateContent"},
    {"gemini-robotics-er-2-streaming-preview", "Gemini Robotics-ER 2 Streaming", 131'072, 8'192,
     "bidiGenerateContent"},
};

std::vector<gemini::Model> make() {
  std::vector<gemini::Model> models;
  for (const auto& row : kRows) {
    auto& model = models.emplace_back();
    model.name = "models/" + std::string(row.name);
    model.display_name = row.display_name;
    model.description = "Answered by Parley's offline model";
    model.version = "001";
    model.input_token_limit = row.input;
    model.output_token_limit = row.output;
    model.supported_generation_methods = {std::string(row.method)};
    if (row.method == "generateContent")
      model.supported_generation_methods->insert(
          model.supported_generation_methods->end(),
          {"countTokens", "createCachedContent", "batchGenerateContent"});
    if (row.method != "embedContent" && row.method != "generateContent")
      model.supported_generation_methods->push_back("countTokens");
    model.temperature = 1.0;
    model.top_p = 0.95;
    model.top_k = 64;
    model.max_temperature = 2.0;
  }
  return models;
}

}  // namespace

const std::vector<gemini::Model>& catalogue() {
  static const std::vector<gemini::Model> models = make();
  return models;
}

const gemini::Model* find_model(std::string_view name) {
  const auto& models = catalogue();
  const auto found = std::ranges::find_if(models, [name](const gemini::Model& model) {
    return std::string_view(model.name).substr(7) == name;
  });
  return found == models.end() ? nullptr : &*found;
}

}  // namespace parley::emulator::detail
