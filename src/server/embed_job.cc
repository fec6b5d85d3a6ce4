// SPDX-License-Identifier: Apache-2.0
#include "server/embed_job.h"

#include <utility>

#include "base/strings.h"

namespace hearth {
namespace {

// Texts that are embedded one after the other, each between two passes of the model.
class EmbedJob : public std::enable_shared_from_this<EmbedJob> {
 public:
  EmbedJob(ModelUse use, std::vector<std::string> texts, TextPlace place,
           std::shared_ptr<HttpReply> reply,
           std::function<void(Result<std::vector<Embedding>>)> done)
      : use_(std::move(use)),
        texts_(std::move(texts)),
        place_(std::move(place)),
        reply_(std::move(reply)),
        done_(std::move(done)) {}

  void go_on() {
    if (vectors_.size() == texts_.size()) return done_(std::move(vectors_));
    use_.model->scheduler->run([self = shared_from_this()](Result<void> may_run) {
      if (may_run.ok()) may_run = self->embed_next();
      if (!may_run.ok()) return self->done_(may_run.error());
      self->go_on();
    });
  }

 private:
  Result<void> embed_next() {
    if (reply_->is_gone()) return Error(ErrorCode::kCancelled, "request: the client has gone");
    EmbedOptions options;
    options.adapters = use_.adapters;
    auto vector = use_.model->engine->embed(texts_[vectors_.size()], options);
    if (!vector.ok()) {
      return Error(vector.error().code(),
                   concat(place_(vectors_.size()), ": ", vector.error().message()));
    }
    vectors_.push_back(std::move(vector).value());
    return {};
  }

  const ModelUse use_;
  const std::vector<std::string> texts_;
  const TextPlace place_;
  const std::shared_ptr<HttpReply> reply_;
  const std::function<void(Result<std::vector<Embedding>>)> done_;
  std::vector<Embedding> vectors_;
};

}  // namespace

void embed_texts(ModelUse use, std::vector<std::string> texts, TextPlace place,
                 std::shared_ptr<HttpReply> reply,
                 std::function<void(Result<std::vector<Embedding>>)> done) {
  std::make_shared<EmbedJob>(std::move(use), std::move(texts), std::move(place), std::move(reply),
                             std::move(done))
      ->go_on();
}

}  // namespace hearth
