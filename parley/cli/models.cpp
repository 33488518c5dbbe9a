#include <algorithm>
#include <iostream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/cli/commands.hpp"
#include "parley/cli/console.hpp"
#include "parley/cli/provider.hpp"
#include "parley/cli/settings.hpp"
#include "parley/gemini/live_models.hpp"
#include "parley/json/writer.hpp"

namespace parley::cli {
namespace {

std::string use_of(const gemini::Model& model) {
  std::string use;
  const auto has = [&](std::string_view method) {
    const auto& methods = model.supported_generation_methods;
    return methods && std::ranges::find(*methods, method) != methods->end();
  };
  for (const auto& [method, word] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"generateContent", "generate"},
           {"bidiGenerateContent", "live"},
           {"embedContent", "embed"}})
    if (has(method)) use += (use.empty() ? "" : ", ") + std::string(word);
  // Vertex AI lists no methods: the name tells.
  if (!model.supported_generation_methods)
    use = gemini::is_live_model(model)                        ? "live"
          : model.name.find("embedding") != std::string::npos ? "embed"
          : model.name.find("gemini") != std::string::npos    ? "generate"
                                                              : "";
  return use.empty() ? "other" : use;
}

Task<void> list(const gemini::Client& client, const ModelsOptions& options, int& code) {
  auto models = co_await client.models().list_all();
  if (!models) {
    std::cerr << Style::of(stderr).red("parley models: ") << models.error().describe() << std::endl;
    code = exit_code::failed;
    co_return;
  }
  for (const auto& model : *models) {
    const auto use = use_of(model);
    if (!options.use.empty() && use.find(options.use) == std::string::npos) continue;
    if (options.json) {
      std::cout << json::encode_text(model) << '\n';
      continue;
    }
    const std::string name = model.name.substr(model.name.rfind('/') + 1);
    std::string line = fmt::format("{:48} {:10}", name, use);
    if (model.input_token_limit || model.output_token_limit)
      line += fmt::format(" {:>9} in {:>7} out", model.input_token_limit.value_or(0),
                          model.output_token_limit.value_or(0));
    std::cout << strip_control(line) << '\n';
  }
  code = exit_code::ok;
}

}  // namespace

int models(const ModelsOptions& options) {
  boost::asio::io_context loop(1);
  const auto provider_options = provider_options_of(options, settings_or_complain("models"));
  auto provider = choose_provider(loop.get_executor(), provider_options);
  if (!provider) {
    std::cerr << Style::of(stderr).red("parley models: ") << provider.error().describe()
              << std::endl;
    return exit_code::failed;
  }
  tell_offline(*provider, options.offline, "service's models");
  int code = exit_code::failed;
  boost::asio::co_spawn(loop, list(provider->client, options, code),
                        [&loop](std::exception_ptr) { loop.stop(); });
  loop.run();
  std::cout << std::flush;
  return code;
}

}  // namespace parley::cli
