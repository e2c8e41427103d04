// The memory of one call: reused by the next, never shared by two at a time.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "buffer.hpp"
#include "packs.hpp"
#include "threading.hpp"

namespace convoscope {

struct Workspace {
    std::vector<Buffer> values;          // of each input, as floats, and of each step, for a batch
    std::vector<Buffer> kept;            // of each step, for a batch
    std::vector<Buffer> memos;           // of each step
    std::vector<Buffer> gradients;       // of each weight, for each step that has it: as many as are added up
    std::vector<Buffer> flow;            // gradients between stages, for a batch
    std::vector<Buffer> scratch, local;  // of each worker: a step's scratch; what flows between steps within a group
    HeldPacks packs;                     // in prediction

    std::size_t bytes() const {
        std::size_t total = 0;
        for (const auto* buffers : {&values, &kept, &memos, &gradients, &flow, &scratch, &local})
            for (const Buffer& buffer : *buffers) total += buffer.bytes();
        return total;
    }
};

// Workspaces that are not in use. A call takes one and gives it back.
class Workspaces {
public:
    // Gives the workspace back when it goes.
    class Lease {
    public:
        explicit Lease(Workspaces& owner) : owner_(owner), workspace_(owner.take()) {}
        ~Lease() { owner_.give_back(std::move(workspace_)); }
        Lease(const Lease&) = delete;
        Workspace& operator*() const { return *workspace_; }
        Workspace* operator->() const { return workspace_.get(); }

    private:
        Workspaces& owner_;
        std::unique_ptr<Workspace> workspace_;
    };

    // Until as many calls of `let_go`, keep what is given back however large it is, for the next call.
    void keep() {
        const std::lock_guard<Mutex> lock(mutex_);
        keeping_++;
    }

    void let_go() {
        const std::lock_guard<Mutex> lock(mutex_);
        if (--keeping_ > 0) return;
        free_.erase(std::remove_if(free_.begin(), free_.end(), [](const auto& own) { return too_large(*own); }),
                    free_.end());
    }

private:
    static constexpr std::size_t most_bytes = std::size_t{256} << 20;  // what is larger does not lie idle

    static bool too_large(const Workspace& workspace) { return workspace.bytes() > most_bytes; }

    std::unique_ptr<Workspace> take() {
        const std::lock_guard<Mutex> lock(mutex_);
        if (free_.empty()) return std::make_unique<Workspace>();
        auto workspace = std::move(free_.back());
        free_.pop_back();
        return workspace;
    }

    void give_back(std::unique_ptr<Workspace> workspace) {
        const std::lock_guard<Mutex> lock(mutex_);
        if (keeping_ == 0 && too_large(*workspace)) return;
        free_.push_back(std::move(workspace));
    }

    Mutex mutex_;
    int keeping_ = 0;
    std::vector<std::unique_ptr<Workspace>> free_;
};

}  // namespace convoscope
