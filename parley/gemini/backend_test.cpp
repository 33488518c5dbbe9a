#include "parley/gemini/backend.hpp"

#include <map>

#include <gtest/gtest.h>

#include "parley/gemini/live_models.hpp"
#include "parley/gemini/tokens.hpp"

namespace parley::gemini {
namespace {

using Variables = std::map<std::string, std::string>;

api::Environment with(Variables variables) {
  return [variables = std::move(variables)](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

Access on_vertex(std::string project = "p", std::string location = "us-central1") {
  Access access;
  access.service = Service::vertex;
  access.project = std::move(project);
  access.location = std::move(location);
  access.tokens = api::TokenSource::fixed(Secret("t"));
  return access;
}

Result<Backend> vertex(std::string location = "us-central1") {
  return Backend::choose(on_vertex("p", std::move(location)), Secret(), "", "", with({}));
}
Result<Backend> developer() {
  return Backend::choose(Access(), Secret("k"), "", "", with({}));
}
std::string why(const Result<Backend>& made) {
  return made ? "none" : made.error().message();
}

TEST(Backend_B3_B4, EachLocationHasItsHost) {
  EXPECT_EQ(vertex()->base().origin(), "https://us-central1-aiplatform.googleapis.com");
  EXPECT_EQ(vertex("global")->base().origin(), "https://aiplatform.googleapis.com");
  EXPECT_EQ(vertex("eu")->base().origin(), "https://aiplatform.eu.rep.googleapis.com");
  EXPECT_EQ(vertex("global")->model_path("m", ":generateContent").value(),
            "/v1beta1/projects/p/locations/global/publishers/google/models/m:generateContent");
  EXPECT_EQ(vertex()->live_path(),
            "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent");
  EXPECT_EQ(vertex()->models_path(), "/v1beta1/publishers/google/models");
}

TEST(Backend_B2, TheDeveloperApiHasItsOwnHostAndPaths) {
  EXPECT_EQ(developer()->base().origin(), "https://generativelanguage.googleapis.com");
  EXPECT_EQ(developer()->model_path("m", ":countTokens").value(), "/v1beta/models/m:countTokens");
  EXPECT_EQ(developer()->live_path(),
            "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent");
  const auto other = Backend::choose(Access(), Secret("k"), "", "v1alpha", with({}));
  EXPECT_NE(other->live_path().find("v1alpha"), std::string::npos);
}

TEST(Backend_B11, ModelsAreNamedInEverySpelling) {
  const std::string full = "projects/p/locations/us-central1/publishers/google/models/m";
  for (const std::string spelling :
       {"m", "models/m", "publishers/google/models/m", "m:generateContent", "/models/m", " m ",
        "projects/p/locations/us-central1/publishers/google/models/m",
        "projects/p/locations/us-central1/publishers/google/models/m:streamGenerateContent"}) {
    EXPECT_EQ(vertex()->model_name(spelling).value(), full) << spelling;
    EXPECT_EQ(developer()->model_name(spelling).value(), "models/m") << spelling;
  }
  EXPECT_EQ(vertex()->model_name("meta/llama").value(),
            "projects/p/locations/us-central1/publishers/meta/models/llama");
  EXPECT_EQ(vertex()->model_name("endpoints/12").value(),
            "projects/p/locations/us-central1/endpoints/12");
  EXPECT_EQ(developer()->model_name("tunedModels/t").value(), "tunedModels/t");
}

TEST(Backend_B11, NamesThatTheServiceDoesNotHaveAreRefusedHere) {
  for (const char* name : {"", "models/", "a//b", "tunedModels/t",
                           "projects/p/locations/europe-west4/publishers/google/models/m"})
    EXPECT_EQ(vertex()->model_name(name).error().kind(), ErrorKind::invalid_argument) << name;
  for (const char* name :
       {"", "endpoints/12", "publishers/meta/models/x", "projects/p/locations/l/endpoints/1"})
    EXPECT_EQ(developer()->model_name(name).error().kind(), ErrorKind::invalid_argument) << name;
  // Behind a proxy the location may be any.
  const auto proxy = Backend::choose(on_vertex(), Secret(), "http://127.0.0.1:1", "", with({}));
  EXPECT_TRUE(proxy->model_name("projects/p/locations/x/publishers/google/models/m"));
  // What would lead elsewhere is escaped.
  EXPECT_EQ(developer()->model_path("models/a?b#c", "").value(), "/v1beta/models/a%3Fb%23c");
}

TEST(Backend_B1, TheEnvironmentChoosesTheService) {
  const Variables key{{"GEMINI_API_KEY", "g"}, {"GOOGLE_API_KEY", "a"}};
  EXPECT_EQ(Backend::choose({}, Secret(), "", "", with(key))->key().reveal(), "a");
  for (const char* name : {"GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_ENTERPRISE"}) {
    Variables all = key;
    all[name] = "True";
    const auto express = Backend::choose({}, Secret(), "", "", with(all));
    ASSERT_TRUE(express) << why(express);
    EXPECT_TRUE(express->express());
    EXPECT_EQ(express->base().origin(), "https://aiplatform.googleapis.com");
    EXPECT_EQ(express->model_name("m").value(), "publishers/google/models/m");
    EXPECT_EQ(express->resource_name("cachedContents/c").error().kind(),
              ErrorKind::invalid_argument);
  }
  Access access = on_vertex("", "");
  const Variables cloud{{"GOOGLE_CLOUD_PROJECT", "p2"}, {"GOOGLE_CLOUD_LOCATION", "europe-west4"}};
  const auto made = Backend::choose(access, Secret(), "", "", with(cloud));
  EXPECT_EQ(made->project(), "p2");
  EXPECT_EQ(made->base().host, "europe-west4-aiplatform.googleapis.com");
  EXPECT_EQ(Backend::choose(on_vertex("p", ""), Secret(), "", "", with({}))->location(),
            "us-central1");
  const Variables bases{{"GOOGLE_GEMINI_BASE_URL", "http://a/x"},
                        {"GOOGLE_VERTEX_BASE_URL", "http://b"}};
  EXPECT_EQ(Backend::choose(on_vertex(), Secret(), "", "", with(bases))->base().host, "b");
  EXPECT_EQ(Backend::choose({}, Secret("k"), "", "", with(bases))->base().text(), "http://a/x");
}

TEST(Backend_B6, WhatIsMissingOrTooMuchIsSaidBeforeAnythingIsSent) {
  EXPECT_EQ(Backend::choose({}, Secret(), "", "", with({})).error().kind(),
            ErrorKind::missing_credentials);
  EXPECT_EQ(why(Backend::choose(on_vertex(""), Secret(), "", "", with({}))),
            "no project for Vertex AI: pass one, or set GOOGLE_CLOUD_PROJECT");
  EXPECT_NE(why(Backend::choose(on_vertex(), Secret("k"), "", "", with({}))), "none");
  EXPECT_EQ(why(Backend::choose(on_vertex("p", "evil.example/"), Secret(), "", "", with({}))),
            "\"evil.example/\" is no location of Vertex AI; us-central1 is one");
  EXPECT_EQ(why(Backend::choose(on_vertex("../x"), Secret(), "", "", with({}))),
            "\"../x\" is no project id");
  EXPECT_NE(why(Backend::choose({}, Secret("k"), "", "v1/..", with({}))), "none");
  Access both = on_vertex();
  both.credentials_file = "file";
  EXPECT_NE(why(Backend::choose(both, Secret(), "", "", with({}))), "none");
  Access none;
  none.service = Service::vertex;
  const auto made = Backend::choose(
      none, Secret(), "", "",
      with({{"GOOGLE_CLOUD_PROJECT", "p"}, {"HOME", "/nowhere"}, {"NO_GCE_CHECK", "true"}}));
  EXPECT_EQ(made.error().kind(), ErrorKind::missing_credentials);
  EXPECT_NE(made.error().message().find("/nowhere/.config/gcloud"), std::string::npos);
}

Model live(std::string name, std::optional<std::vector<std::string>> methods = std::nullopt) {
  Model model;
  model.name = std::move(name);
  model.supported_generation_methods = std::move(methods);
  return model;
}

TEST(LiveModels_B43, AreKnownByTheirMethodsAndChosenByPreference) {
  EXPECT_TRUE(is_live_model(live("models/x", std::vector<std::string>{"bidiGenerateContent"})));
  EXPECT_FALSE(
      is_live_model(live("models/gemini-live", std::vector<std::string>{"generateContent"})));
  EXPECT_TRUE(is_live_model(live("publishers/google/models/gemini-live-2.5-flash")));
  EXPECT_FALSE(is_live_model(live("publishers/google/models/gemini-2.5-flash")));
  const std::vector<Model> all{live("models/gemini-2.5-flash-native-audio-latest"),
                               live("models/gemini-3.1-flash-live-preview"),
                               live("models/gemini-live-2.5-flash-preview")};
  EXPECT_EQ(choose_live_model(all, {"models/gemini-live-2.5-flash-preview"}).value(),
            "gemini-live-2.5-flash-preview");
  EXPECT_EQ(choose_live_model(all, {"none", "gemini-3*"}).value(), "gemini-3.1-flash-live-preview");
  EXPECT_EQ(choose_live_model(all).value(), "gemini-3.1-flash-live-preview");
  EXPECT_EQ(choose_live_model(all, {"none"}, false).error().kind(), ErrorKind::not_found);
  EXPECT_EQ(choose_live_model({}).error().kind(), ErrorKind::not_found);
}

TEST(EphemeralTokens_B12, TheMaskNamesWhatIsLocked) {
  TokenRequest request;
  EXPECT_EQ(field_mask_of(request).value(), "");
  request.further = {"generationConfig.topK"};
  EXPECT_EQ(field_mask_of(request).error().kind(), ErrorKind::invalid_argument);
  request.lock = TokenRequest::Lock::what_is_set;
  EXPECT_EQ(field_mask_of(request).error().kind(), ErrorKind::invalid_argument);
  request.setup.emplace().model = "models/m";
  request.setup->generation_config.emplace().temperature = 0.7;
  request.setup->generation_config->response_modalities.emplace().push_back(Modality::audio);
  const auto mask = field_mask_of(request).value();
  EXPECT_EQ(mask.find("model,"), 0u);
  for (const char* part : {"generationConfig.responseModalities", "generationConfig.temperature",
                           ",generationConfig.topK"})
    EXPECT_NE(mask.find(part), std::string::npos) << mask;
  request.further = {"a b"};
  EXPECT_EQ(field_mask_of(request).error().kind(), ErrorKind::invalid_argument);
}

}  // namespace
}  // namespace parley::gemini
