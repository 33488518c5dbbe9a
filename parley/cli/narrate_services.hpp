#pragma once

#include <string>
#include <vector>

#include "parley/cli/narrate.hpp"
#include "parley/config/settings.hpp"
#include "parley/narrative/services.hpp"

namespace parley::cli {

// Which service a model is asked from, for narrative::check_models(). `asks`: models will be asked,
// so that --offline refuses those of other services. Errors: not_found, with the nearest name.
narrative::ServiceNames service_names(const NarrateOptions& options,
                                      const config::Settings& settings, bool asks);

// Opens them; errors are those of service_names() and other_provider().
narrative::ModelServices model_services(const NarrateOptions& options,
                                        const config::Settings& settings);

// All models that a run may ask: those of the file, the default one, those of --fallback.
std::vector<std::string> models_asked(const NarrateOptions& options, const narrative::Book& book,
                                      const std::string& default_model);

// parley.toml has services beside Gemini, or the environment has Anthropic's key.
bool has_other_services(const config::Settings& settings);

}  // namespace parley::cli
