// The memory of one call: reused by the next, never shared by two at a time.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "buffer.hpp"
#include "packs.hpp"

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

private:
    static constexpr std::size_t most_bytes = std::size_t{256} << 20;  // what is larger is freed at once

    std::unique_ptr<Workspace> take() {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (free_.empty()) return std::make_unique<Workspace>();
        auto workspace = std::move(free_.back());
        free_.pop_back();
        return workspace;
    }

    void give_back(std::unique_ptr<Workspace> workspace) {
        if (workspace->bytes() > most_bytes) return;
        const std::lock_guard<std::mutex> lock(mutex_);
        free_.push_back(std::move(workspace));
    }

    std::mutex mutex_;
    std::vector<std::unique_ptr<Workspace>> free_;
};

}  // namespace convoscope
