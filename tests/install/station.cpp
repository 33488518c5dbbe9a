#include <iostream>

#include "weather/watch.hpp"

parley::Task<int> watch(std::string url) {
  parley::api::SessionOptions options;
  options.base_url = url;
  auto session = co_await weather::watch::connect(weather::watch::Params("Oslo"), options);
  if (!session) co_return std::cerr << session.error().describe() << "\n", 1;
  std::vector<std::string> sensors = {"roof"};
  auto sent = co_await session->send_subscribe(weather::Subscribe(sensors));
  if (!sent) co_return std::cerr << sent.error().describe() << "\n", 1;
  const auto message = co_await session->next();
  const auto* reading = message ? std::get_if<weather::Reading>(&*message) : nullptr;
  if (!reading) co_return 1;
  std::cout << reading->sensor << " " << reading->value << (reading->note.is_null() ? " null" : "") << "\n";
  co_return 0;
}

int main(int argc, char** argv) {
  return argc > 1 ? parley::run(watch(argv[1])) : 2;
}
