#pragma once

#include <functional>

#include "parley/narrative/detail/session.hpp"

namespace parley::narrative::detail {

// Runs one round, counted from 1.
using RoundRunner = std::function<Task<Outcome>(int round)>;

// The rounds of a carousel, one behind the other. Before each round its estimate must fit into the
// budget. A round that met a minute's quota is run again when the quota is free; a day's quota ends
// the carousel. The outcome says how many rounds were completed.
Task<Outcome> run_carousel(Session& session, const Carousel& carousel, BudgetScope& budget,
                           RoundRunner one);

// True for the quota of a day: waiting a minute for it is of no use.
bool is_day_quota(const Error& error);

}  // namespace parley::narrative::detail
