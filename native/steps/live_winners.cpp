#include "live_winners.hpp"

#include <algorithm>

namespace convoscope {
namespace {

constexpr std::int64_t cached_floats = 10 * 1024;  // about a first-level cache: as measured, not a float too many

}  // namespace

LiveWinners::LiveWinners(const PoolRows& pool, std::int64_t filters, const Patches& patches, std::int64_t output_rows)
    : pool_(pool), filters_(filters), pixels_(output_rows * pool.out_width), patches_(patches) {
    for (std::int64_t y = 0; y < pool.size_y; y++)
        for (std::int64_t x = 0; x < pool.size_x; x++) places_.push_back(y * patches.step_y() + x * patches.step_x());
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

// [of each filter: its winners][of each pixel: its winners, by their places][of one pixel: the same, apart, and
// their numbers][lists of
// filters][lists of pixels and places]
std::int64_t LiveWinners::scratch_floats() const {
    const auto places = static_cast<std::int64_t>(places_.size());
    const std::int64_t terms = filters_ * (pixels_ + 1) + pixels_ * filters_ + places * (filters_ + 2);
    return 2 * terms + 3 * (filters_ + places * pixels_);
}

TermList* LiveWinners::make_lists(const Strip& s, Term* of_filter, TermList* filters, Term* of_place, TermList* places,
                                  Term* room) const {
    const std::int64_t width = filters_ + 1, window = static_cast<std::int64_t>(places_.size());
    auto* const in_place = reinterpret_cast<std::int32_t*>(room + window * width);
    for (std::int64_t filter = 0; filter < filters_; filter++)
        filters[filter] = {static_cast<std::int32_t>(filter * (pixels_ + 1)), 0,
                           static_cast<std::int32_t>(filter * patches_.size())};
    const float* gradient = s.gradient;
    const std::uint8_t* winners = s.winners;
    std::int32_t done = 0;
    for (std::int64_t row = s.begin; row < s.end; row++)
        for (std::int64_t column = 0; column < pool_.out_width; column++, gradient += filters_, winners += filters_) {
            const std::int64_t corner = (row * pool_.stride_y - pool_.pad_y - s.top) * patches_.step_y() +
                                        (column * pool_.stride_x - pool_.pad_x) * patches_.step_x();
            std::fill_n(in_place, window, 0);
            // Every value is written behind its lists, and only the live ones make them longer: no branch to guess
            // wrong.
            for (std::int64_t filter = 0; filter < filters_; filter++) {
                const float g = gradient[filter];
                const std::uint8_t place = winners[filter];
                const std::int32_t live = g != 0;
                TermList& own = filters[filter];
                of_filter[own.begin + own.count] = {static_cast<std::int32_t>(corner + places_[place]), g};
                own.count += live;
                room[place * width + in_place[place]] = {static_cast<std::int32_t>(filter * patches_.size()), g};
                in_place[place] += live;
            }
            // Empty lists are left out: they would touch what lies around the image, where another worker may be.
            for (std::int64_t place = 0; place < window; place++) {
                if (!in_place[place]) continue;
                *places++ = {done, in_place[place], static_cast<std::int32_t>(corner + places_[place])};
                std::copy_n(room + place * width, in_place[place], of_place + done);
                done += in_place[place];
            }
        }
    return places;
}

void LiveWinners::backward(const Strip& s) const {
    auto* const of_filter = reinterpret_cast<Term*>(s.scratch);
    Term* const of_place = of_filter + filters_ * (pixels_ + 1);
    Term* const room = of_place + filters_ * pixels_;
    const auto window = static_cast<std::int64_t>(places_.size());
    auto* const filters = reinterpret_cast<TermList*>(room + window * (filters_ + 2));
    TermList* const places = filters + filters_;
    const std::int64_t place_count = make_lists(s, of_filter, filters, of_place, places, room) - places;
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
