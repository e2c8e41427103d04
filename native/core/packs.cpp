#include "packs.hpp"

#include <algorithm>
#include <cstring>

#include "../isa/choice.hpp"

namespace convoscope {
namespace {

constexpr std::int64_t stretch_floats = 16 * 1024;  // read in about a microsecond
constexpr std::int64_t shared_floats = 96 * 1024;   // fewer are read sooner than a second worker is called

}  // namespace

Packs::Packs(const std::vector<std::unique_ptr<Step>>& steps, const std::vector<std::vector<int>>& places,
             const std::vector<Weight>& weights)
    : steps_(steps), latest_(steps.size()) {
    for (std::size_t step = 0; step < steps.size(); step++) {
        if (steps[step]->memo_floats(kernels()) == 0) continue;
        const std::size_t begin = stretches_.size();
        for (const int place : places[step]) {
            const Weight& weight = weights[static_cast<std::size_t>(place)];
            const std::int64_t size = size_of(weight.shape);
            floats_ += size;
            for (std::int64_t at = 0; at < size; at += stretch_floats)
                stretches_.push_back({weight.values + at, std::min(stretch_floats, size - at)});
        }
        entries_.push_back({step, begin, stretches_.size()});
    }
}

bool Packs::current(const std::shared_ptr<const Pack>& pack, const Kernels& k, const Entry& entry,
                    const std::vector<Digest>& digests) const {
    return pack && pack->kernels == &k &&
           std::memcmp(pack->digests.data(), digests.data() + entry.begin,
                       (entry.end - entry.begin) * sizeof(Digest)) == 0;
}

void Packs::look(const Kernels& k, Pool& pool, Interrupt& interrupt, std::vector<Digest>& digests) const {
    digests.resize(stretches_.size());
    auto one = [&](int i, int) {
        const Stretch& stretch = stretches_[static_cast<std::size_t>(i)];
        k.digest(stretch.values, stretch.count, digests[static_cast<std::size_t>(i)]);
    };
    const auto count = static_cast<int>(stretches_.size());
    if (floats_ >= shared_floats) {
        pool.run(count, pool.threads(), interrupt, one);
        interrupt.throw_if_stopped();
        return;
    }
    for (int i = 0; i < count; i++) one(i, 0);
}

// The digests were taken before the weights are read again here: if somebody writes in between, the next call will see
// other weights than those digests tell of.
void Packs::pack(const Kernels& k, Pool& pool, const std::vector<Entry>& stale, const std::vector<Digest>& digests) {
    std::vector<std::shared_ptr<Pack>> made(stale.size());
    for (std::size_t i = 0; i < stale.size(); i++) {
        const auto first = digests.begin() + static_cast<std::ptrdiff_t>(stale[i].begin);
        const auto last = digests.begin() + static_cast<std::ptrdiff_t>(stale[i].end);
        made[i] = std::make_shared<Pack>(Pack{&k, {first, last}, {}});
        made[i]->memo.reserve(static_cast<std::size_t>(steps_[stale[i].step]->memo_floats(k)) * sizeof(float));
    }
    Interrupt never;
    pool.run(static_cast<int>(stale.size()), pool.threads(), never, [&](int part, int) {
        const auto i = static_cast<std::size_t>(part);
        steps_[stale[i].step]->prepare(k, made[i]->memo.floats());
    });
    for (std::size_t i = 0; i < stale.size(); i++) latest_[stale[i].step] = std::move(made[i]);
}

void Packs::refresh(const Kernels& k, Pool& pool, Interrupt& interrupt, Moment moment, HeldPacks& held) {
    if (moment && moment == held.moment && held.kernels == &k) return;
    held.moment.reset();  // should the call be interrupted
    read_again(k, pool, interrupt, held);
    held.moment = moment, held.kernels = &k;
}

void Packs::read_again(const Kernels& k, Pool& pool, Interrupt& interrupt, HeldPacks& held) {
    look(k, pool, interrupt, held.digests);
    held.of_step.resize(steps_.size());
    const auto stale = [&](const std::shared_ptr<const Pack>& pack, const Entry& entry) {
        return !current(pack, k, entry, held.digests);
    };
    if (std::none_of(entries_.begin(), entries_.end(),
                     [&](const Entry& entry) { return stale(held.of_step[entry.step], entry); }))
        return;
    const std::lock_guard<Mutex> lock(mutex_);
    std::vector<Entry> wanted;
    for (const Entry& entry : entries_)
        if (stale(latest_[entry.step], entry)) wanted.push_back(entry);
    pack(k, pool, wanted, held.digests);
    for (const Entry& entry : entries_) held.of_step[entry.step] = latest_[entry.step];
}

}  // namespace convoscope
