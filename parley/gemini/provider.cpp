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
  Task<Result<Stream>> stream(std::string model, GenerateContentRequest request) const override {
    return models_.stream_generate_content(std::move(model), std::move(request));
  }

 private:
  Models models_;
};

}  // namespace

std::shared_ptr<Provider> gemini_provider(Models models) {
  return std::make_shared<Gemini>(std::move(models));
}

}  // namespace parley::gemini
