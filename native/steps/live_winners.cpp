#include "live_winners.hpp"

#include <algorithm>

namespace convoscope {
namespace {

constexpr std::int64_t cached_floats = 10 * 1024;  // about a first-level cache: as measured, not a float too many

}  // namespace

LiveWinners::LiveWinners(const PoolRows& pool, std::int64_t filters, const Patches& patches, std::int64_t output_rows)
    : pool_(pool),
      filters_(filters),
      pixels_(output_rows * pool.out_width),
      patches_(patches),
      window_(pool.size_y * pool.size_x) {
    for (std::int64_t y = 0; y < pool.size_y; y++)
        for (std::int64_t x = 0; x < pool.size_x; x++)
            places_.push_back(static_cast<std::int32_t>(y * patches.step_y() + x * patches.step_x()));
    places_.resize(std::max<std::size_t>(places_.size(), 16));
    // The weight gradient reads the image under a strip's features, the input gradient all filters' kernels.
    const std::int64_t features = output_rows * pool.stride_y * pool.out_width * pool.stride_x;
    image_pieces_ = pieces(cached_floats / features);
    kernel_pieces_ = pieces(cached_floats / filters);
}

bool LiveWinners::pays(const PoolRows& pool, const Patches& patches) {
    return pool.stride_y * pool.stride_x >= 3 && patches.run_length() >= 16;
}

std::vector<LiveWinners::Piece> LiveWinners::pieces(std::int64_t most_floats) const {
    const std::int64_t run = patches_.run_length(), most = std::max<std::int64_t>(most_floats / 16, 4) * 16;
    const std::int64_t count = (run + most - 1) / most, length = ((run + count - 1) / count + 15) / 16 * 16;
    std::vector<Piece> found;
    for (std::int64_t i = 0; i < patches_.run_count(); i++)
        for (std::int64_t at = 0; at < run; at += length)
            found.push_back({patches_.runs()[i] + at, i * run + at, std::min(length, run - at)});
    return found;
}

// [of each filter: its winners][of each pixel: its winners, by their places][lists of filters][lists of pixels and
// places][pixels' corners]
std::int64_t LiveWinners::scratch_floats() const {
    const std::int64_t terms = filters_ * (pixels_ + live_room) + pixels_ * filters_ + live_room;
    return 2 * terms + 3 * (filters_ + window_ * pixels_) + pixels_;
}

void LiveWinners::backward(const Strip& s) const {
    auto* const of_filter = reinterpret_cast<Term*>(s.scratch);
    Term* const of_place = of_filter + filters_ * (pixels_ + live_room);
    auto* const filters = reinterpret_cast<TermList*>(of_place + pixels_ * filters_ + live_room);
    TermList* const places = filters + filters_;
    auto* const corners = reinterpret_cast<std::int32_t*>(places + window_ * pixels_);
    std::int64_t pixels = 0;
    for (std::int64_t row = s.begin; row < s.end; row++)
        for (std::int64_t column = 0; column < pool_.out_width; column++)
            corners[pixels++] =
                static_cast<std::int32_t>((row * pool_.stride_y - pool_.pad_y - s.top) * patches_.step_y() +
                                          (column * pool_.stride_x - pool_.pad_x) * patches_.step_x());
    const std::int64_t place_count =
        s.kernels->winner_lists({s.gradient, s.winners, corners, places_.data(), pixels, filters_, window_,
                                 static_cast<std::int32_t>(patches_.size()), of_filter, filters, of_place, places});
    if (s.image_gradient)
        for (const Piece& p : kernel_pieces_)
            s.kernels->add_rows(
                {of_place, places, place_count, s.kernel + p.in_kernel, s.image_gradient + p.in_patch, p.length});
    if (s.weight_gradient)
        for (const Piece& p : image_pieces_)
            s.kernels->add_rows(
                {of_filter, filters, filters_, s.image + p.in_patch, s.weight_gradient + p.in_kernel, p.length});
}

}  // namespace convoscope
