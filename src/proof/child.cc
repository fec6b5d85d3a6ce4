// SPDX-License-Identifier: Apache-2.0
// The child tells what happened through memory that it shares with its parent: a lockdown closes
// every descriptor that could carry the news.
#include "proof/child.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/strings.h"

namespace hearth {
namespace {

constexpr unsigned kSecondsMax = 30;  // then the child is ended by a signal
constexpr int kPollMs = 5;

enum class Stage : int { kStarted, kNotLocked, kTrying, kDone };

// Written by the child, read by the parent once it has ended.
struct News {
  Stage stage;
  int error_number;  // as Route::attempt returns it
  std::array<char, 512> lock_error;
};

// A page that parent and child share; unmapped at the end of its scope.
class SharedNews {
 public:
  SharedNews() {
    void* const memory =
        ::mmap(nullptr, sizeof(News), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    news_ = memory == MAP_FAILED ? nullptr : static_cast<News*>(memory);
  }
  ~SharedNews() {
    if (news_ != nullptr) ::munmap(news_, sizeof(News));
  }
  SharedNews(const SharedNews&) = delete;
  SharedNews& operator=(const SharedNews&) = delete;
  News* get() const { return news_; }

 private:
  News* news_;
};

std::string error_name(int error_number) {
  if (error_number < 0) {
    switch (error_number) {
      case EAI_AGAIN:
        return "EAI_AGAIN";
      case EAI_NONAME:
        return "EAI_NONAME";
      case EAI_FAIL:
        return "EAI_FAIL";
      case EAI_SYSTEM:
        return "EAI_SYSTEM";
      default:
        return ::gai_strerror(error_number);
    }
  }
  const char* const name = ::strerrorname_np(error_number);
  return name != nullptr ? name : concat("errno ", error_number);
}

// What a program that failed complained of; its locale is C.
std::string program_error(int status, const std::string& complaint) {
  for (const int error_number : {EPERM, EACCES, ECONNREFUSED, ENETUNREACH}) {
    if (complaint.find(::strerrordesc_np(error_number)) != std::string::npos) {
      return error_name(error_number);
    }
  }
  return concat("exit ", status);
}

// In the child; does not return.
[[noreturn]] void attempt_and_end(const Route& route, const Doors& doors,
                                  const std::function<Result<void>()>& lock, int complaints,
                                  News* news) {
  ::alarm(kSecondsMax);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(null, 0);
  ::dup2(null, 1);
  ::dup2(complaints, 2);
  const int planted = route.plant == nullptr ? -1 : route.plant(doors);
  if (lock) {
    if (const auto locked = lock(); !locked.ok()) {
      const std::string& message = locked.error().message();
      message.copy(news->lock_error.data(), news->lock_error.size() - 1);
      news->stage = Stage::kNotLocked;
      ::_exit(1);
    }
  }
  news->stage = Stage::kTrying;
  news->error_number = route.attempt(doors, planted);
  news->stage = Stage::kDone;
  ::_exit(0);
}

struct Ended {
  int status = 0;  // of waitpid()
  bool was_seen = false;
  std::string complaint;  // what it wrote to stderr, or the beginning
};

void take_complaint(int from, std::string& complaint) {
  constexpr std::size_t kBytesMax = 4096;
  std::array<char, 512> text{};
  for (ssize_t bytes = 0; (bytes = ::read(from, text.data(), text.size())) > 0;) {
    complaint.append(text.data(), static_cast<std::size_t>(bytes));
    complaint.resize(std::min(complaint.size(), kBytesMax));
  }
}

// Meanwhile the witness does its part: a program waits for an answer.
Ended wait_for(pid_t child, Witness& witness, int complaints) {
  Ended ended;
  for (;;) {
    const pid_t found = ::waitpid(child, &ended.status, WNOHANG);
    ended.was_seen |= witness.saw_something();
    take_complaint(complaints, ended.complaint);
    if (found == child || (found < 0 && errno != EINTR)) return ended;
    struct pollfd more {
      complaints, POLLIN, 0
    };
    ::poll(&more, 1, kPollMs);
    if ((more.revents & POLLHUP) != 0) ::poll(nullptr, 0, 1);  // it ends just now
  }
}

Attempt judge(const News& news, const Ended& ended) {
  Attempt attempt;
  if (WIFSIGNALED(ended.status)) {
    attempt.error = concat("SIG", ::sigabbrev_np(WTERMSIG(ended.status)));
  } else if (news.stage == Stage::kDone) {
    attempt.got_out = news.error_number == 0;
    if (!attempt.got_out) attempt.error = error_name(news.error_number);
  } else {  // a program took its place
    attempt.got_out = WEXITSTATUS(ended.status) == 0;
    if (!attempt.got_out) attempt.error = program_error(WEXITSTATUS(ended.status), ended.complaint);
  }
  if (ended.was_seen) attempt = {true, ""};
  return attempt;
}

}  // namespace

Result<Attempt> try_in_child(const Route& route, Witness& witness,
                             const std::function<Result<void>()>& lock) {
  const SharedNews news;
  int complaints[2];
  if (news.get() == nullptr || ::pipe2(complaints, O_CLOEXEC) != 0) {
    return Error(
        ErrorCode::kUnavailable,
        concat("proof: no memory or pipe for a child: ", std::strerror(errno), "; free some"));
  }
  ::fcntl(complaints[0], F_SETFL, O_NONBLOCK);
  witness.saw_something();  // what came late is not this attempt's
  const pid_t child = ::fork();
  if (child == 0) attempt_and_end(route, witness.doors(), lock, complaints[1], news.get());
  const int fork_error = errno;
  ::close(complaints[1]);
  Ended ended;
  if (child > 0) ended = wait_for(child, witness, complaints[0]);
  ::close(complaints[0]);
  if (child < 0) {
    return Error(ErrorCode::kUnavailable,
                 concat("proof: no child can be started: ", std::strerror(fork_error),
                        "; allow this user more processes"));
  }
  if (news.get()->stage == Stage::kNotLocked) {
    return Error(ErrorCode::kUnavailable, news.get()->lock_error.data());
  }
  return judge(*news.get(), ended);
}

}  // namespace hearth
