// The memory of a call: what becomes of it when the call ends.
#include "check.hpp"
#include "core/workspace.hpp"

using namespace convoscope;

namespace {

// What a call finds, and leaves so large.
std::size_t found_by_a_call(Workspaces& workspaces, std::size_t bytes) {
    const Workspaces::Lease work(workspaces);
    const std::size_t found = work->bytes();
    work->values.resize(1);
    work->values.front().reserve(bytes);  // asked for, not touched
    return found;
}

void a_small_one_is_kept() {
    Workspaces workspaces;
    found_by_a_call(workspaces, 1 << 20);
    if (found_by_a_call(workspaces, 1) != 1 << 20) fail("a small workspace was not kept");
}

void a_large_one_is_kept_while_somebody_trains() {
    constexpr std::size_t large = std::size_t{300} << 20;
    Workspaces workspaces;
    found_by_a_call(workspaces, large);
    if (found_by_a_call(workspaces, large) != 0) fail("a large workspace lies idle");
    workspaces.keep();
    workspaces.keep();
    found_by_a_call(workspaces, large);
    workspaces.let_go();
    if (found_by_a_call(workspaces, 1) != large) fail("a large workspace went while it was to be kept");
    workspaces.let_go();
    if (found_by_a_call(workspaces, 1) != 0) fail("a large workspace lies idle after it was let go");
}

void large_memory_begins_with_a_page_of_the_large_kind() {
    Buffer buffer;
    for (const std::size_t bytes : {std::size_t{100}, (std::size_t{9} << 20) + 1, std::size_t{17} << 20}) {
        buffer.reserve(bytes);
        buffer.begin()[0] = buffer.begin()[bytes - 1] = 1;
        const auto place = reinterpret_cast<std::uintptr_t>(buffer.begin());
        if (place % (bytes < std::size_t{8} << 20 ? 64 : std::size_t{2} << 20) != 0) fail("memory is not aligned");
    }
}

}  // namespace

void test_memory() {
    a_small_one_is_kept();
    a_large_one_is_kept_while_somebody_trains();
    large_memory_begins_with_a_page_of_the_large_kind();
}
