#include <iostream>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/cli/bots.hpp"
#include "parley/cli/commands.hpp"
#include "parley/cli/console.hpp"
#include "parley/cli/detail/options.hpp"
#include "parley/cli/generate.hpp"
#include "parley/cli/narrate.hpp"

namespace parley::cli {

int run_program(int argc, char** argv) {
  CLI::App app("Live conversations with generative models over WebSockets", "parley");
  app.set_version_flag("--version", PARLEY_VERSION);
  app.require_subcommand(1);
  ServeOptions serve_options;
  AskOptions ask_options;
  ModelsOptions models_options;
  ChatOptions chat_options;
  EmulateOptions emulate_options;
  MockOptions mock_options;
  ConfigOptions config_options;
  LiveCommandOptions live_options;
  GenerateCommand generate_options;
  add_serve(app, serve_options);
  add_ask(app, ask_options);
  add_models(app, models_options);
  add_chat(app, chat_options);
  add_emulate(app, emulate_options);
  add_generate_options(
      *app.add_subcommand("generate", "Make typed clients from the definition of an API"),
      generate_options);
  add_mock(app, mock_options);
  add_config(app, config_options);
  add_live(app, live_options);
  NarrateOptions narrate_options;
  add_narrate(app, narrate_options);
  BotsCommand bots_options;
  add_bots(app, bots_options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RequiredError& error) {
    if (!app.get_subcommands().empty())
      return app.exit(error) == 0 ? exit_code::ok : exit_code::usage;
    if (argc > 1)
      std::cerr << fmt::format(
          "parley: there is no command \"{}\"; serve, ask, live, models, chat, narrate, bots, "
          "emulate, "
          "generate, mock and config are.\n",
          strip_control(to_valid_utf8(argv[1])));
    else
      std::cerr << app.help();
    return exit_code::usage;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_code::ok : exit_code::usage;
  }
  if (app.got_subcommand("serve")) return serve(serve_options);
  if (app.got_subcommand("ask")) return ask(ask_options);
  if (app.got_subcommand("models")) return models(models_options);
  if (app.got_subcommand("chat")) return chat(chat_options);
  if (app.got_subcommand("generate")) return generate(generate_options);
  if (app.got_subcommand("mock")) return mock(mock_options);
  if (app.got_subcommand("live")) return live(live_options);
  if (app.got_subcommand("config")) return show_config(config_options);
  if (app.got_subcommand("bots")) return bots(bots_options);
  if (app.got_subcommand("narrate")) return narrate(narrate_options);
  return emulate(emulate_options);
}

}  // namespace parley::cli
