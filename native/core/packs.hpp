// Weights in the kernels' layout, kept from one prediction to the next.
//
// Weights may lie in arrays that anybody may write into at any time, and nobody tells the core. So each call reads
// those that are packed, which takes a small part of the time that packing takes, and packs again what is no longer
// what it was. Who knows of all that is written says in which moment the call is made, and nothing is read in the same
// moment again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "buffer.hpp"
#include "step.hpp"
#include "threading.hpp"

namespace convoscope {

// A number that changes whenever weights may have been written; none where they may be written at any time.
using Moment = std::optional<std::int64_t>;

// What a step made of its weights, and what they were.
struct Pack {
    const Kernels* kernels;
    std::vector<Digest> digests;
    Buffer memo;
};

// A call's packs, of each step; null where a step needs none. They stay as they are while the call holds them, whatever
// other calls find.
struct HeldPacks {
    std::vector<std::shared_ptr<const Pack>> of_step;
    std::vector<Digest> digests;
    Moment moment;  // that they are of
    const Kernels* kernels = nullptr;
};

class Packs {
public:
    // `places`: of each step's weights. Steps and weights must outlive it.
    Packs(const std::vector<std::unique_ptr<Step>>& steps, const std::vector<std::vector<int>>& places,
          const std::vector<Weight>& weights);

    // Bring what a call holds up to date.
    void refresh(const Kernels&, Pool&, Interrupt&, Moment, HeldPacks&);

private:
    struct Stretch {
        const float* values;
        std::int64_t count;
    };
    // A step with something to pack, and which stretches of weights it is made from.
    struct Entry {
        std::size_t step, begin, end;
    };

    bool current(const std::shared_ptr<const Pack>&, const Kernels&, const Entry&, const std::vector<Digest>&) const;
    void look(const Kernels&, Pool&, Interrupt&, std::vector<Digest>&) const;
    void read_again(const Kernels&, Pool&, Interrupt&, HeldPacks&);
    void pack(const Kernels&, Pool&, const std::vector<Entry>&, const std::vector<Digest>&);

    const std::vector<std::unique_ptr<Step>>& steps_;
    std::vector<Stretch> stretches_;
    std::vector<Entry> entries_;
    std::int64_t floats_ = 0;  // in all stretches

    Mutex mutex_;
    std::vector<std::shared_ptr<const Pack>> latest_;  // of each step
};

}  // namespace convoscope
