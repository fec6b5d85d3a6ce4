// SPDX-License-Identifier: Apache-2.0
// What may be handed to who sends: CASE 0 must compile, every other must not (run.cmake). Each
// wrong one differs from the right one in what is handed over alone.
#include <string>
#include <string_view>
#include <utility>

#include "egress/remote.h"
#include "guard/declassified.h"
#include "guard/guard.h"

namespace hearth {

RemoteAsk ask_with(std::string raw) {
#if CASE == 0  // right: the guard has let it go
  auto message = declassify(Guard(), std::move(raw), Sensitivity::kPublic);
  return {"edge", std::move(message).value(), 1000.0, 4096};
#elif CASE == 1  // a raw string
  return {"edge", raw, 1000.0, 4096};
#elif CASE == 2  // a string_view
  return {"edge", std::string_view(raw), 1000.0, 4096};
#elif CASE == 3  // made by hand of a raw string that is moved from
  return {"edge", Declassified<std::string>(std::move(raw)), 1000.0, 4096};
#elif CASE == 4  // made in place
  return {"edge", {std::move(raw)}, 1000.0, 4096};
#elif CASE == 5  // made empty, to be filled
  Declassified<std::string> message;
  return {"edge", std::move(message), 1000.0, 4096};
#elif CASE == 6  // filled afterwards
  auto message = declassify(Guard(), std::string(), Sensitivity::kPublic);
  message->get() = std::move(raw);
  return {"edge", std::move(message).value(), 1000.0, 4096};
#elif CASE == 7  // the result without a look at whether the guard refused
  return {"edge", declassify(Guard(), std::move(raw), Sensitivity::kPublic), 1000.0, 4096};
#elif CASE == 8  // a class of one's own that the guard is friends with
  struct Mine : Declassified<std::string> {};
  return {"edge", Mine(), 1000.0, 4096};
#elif CASE == 9  // a literal
  return {"edge", "raw", 1000.0, 4096};
#else
#error "no such case"
#endif
}

}  // namespace hearth
