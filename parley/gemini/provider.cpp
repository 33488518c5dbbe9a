#include "parley/gemini/provider.hpp"

namespace parley::gemini {
namespace {

class Gemini final : public Provider {
 public:
  explicit Gemini(Models models) : models_(std::move(models)) {}
  Task<Result<GenerateContentResponse>> generate(std::string model,
                                                 GenerateContentRequest request) const override {
    return models_.generate_content(std::move(model), std::move(request));
  }
  Task<Result<GenerateContentResponse>> generate_reported(
      std::string model, GenerateContentRequest request,
      std::shared_ptr<api::CallReport> report) const override {
    return models_.generate_content(std::move(model), std::move(request), std::move(report));
  }
  Task<Result<Stream>> stream(std::string model, GenerateContentRequest request) const override {
    return models_.stream_generate_content(std::move(model), std::move(request));
  }
  Task<Result<Stream>> stream_reported(std::string model, GenerateContentRequest request,
                                       std::shared_ptr<api::CallReport> report) const override {
    return models_.stream_generate_content(std::move(model), std::move(request), std::move(report));
  }
  bool has_permit() const override { return models_.has_permit(); }

 private:
  Models models_;
};

}  // namespace

Task<Result<GenerateContentResponse>> Provider::generate_reported(
    std::string model, GenerateContentRequest request, std::shared_ptr<api::CallReport>) const {
  return generate(std::move(model), std::move(request));
}
Task<Result<Stream>> Provider::stream_reported(std::string model, GenerateContentRequest request,
                                               std::shared_ptr<api::CallReport>) const {
  return stream(std::move(model), std::move(request));
}

std::shared_ptr<Provider> gemini_provider(Models models) {
  return std::make_shared<Gemini>(std::move(models));
}

}  // namespace parley::gemini
