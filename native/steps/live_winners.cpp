#include "live_winners.hpp"

#include <algorithm>

namespace convoscope {

LiveWinners::LiveWinners(const PoolRows& pool, std::int64_t filters, const Patches& patches, std::int64_t output_rows)
    : pool_(pool), filters_(filters), output_rows_(output_rows), patches_(patches) {
    for (std::int64_t y = 0; y < pool.size_y; y++)
        for (std::int64_t x = 0; x < pool.size_x; x++) places_.push_back(y * patches.step_y() + x * patches.step_x());
    for (std::int64_t run = 0; run < patches.run_count(); run++) kernel_runs_.push_back(run * patches.run_length());
}

bool LiveWinners::pays(const PoolRows& pool, const Patches& patches) {
    return pool.stride_y * pool.stride_x >= 3 && patches.run_length() >= 16;
}

// [of each filter: its winners in the strip][of each place in a window: its winners][their numbers]
std::int64_t LiveWinners::scratch_floats() const {
    const auto places = static_cast<std::int64_t>(places_.size());
    return 2 * filters_ * (output_rows_ * pool_.out_width + 1) + 2 * places * (filters_ + 1) + filters_ + places;
}

void LiveWinners::backward(const Strip& s) const {
    const std::int64_t most = output_rows_ * pool_.out_width + 1, places = static_cast<std::int64_t>(places_.size()),
                       width = filters_ + 1;
    auto* const of_filter = reinterpret_cast<Term*>(s.scratch);
    Term* const of_place = of_filter + filters_ * most;
    auto* const in_filter = reinterpret_cast<std::int32_t*>(of_place + places * width);
    std::int32_t* const in_place = in_filter + filters_;
    std::fill_n(in_filter, filters_, 0);
    const float* gradient = s.gradient;
    const std::uint8_t* winners = s.winners;
    for (std::int64_t row = s.begin; row < s.end; row++)
        for (std::int64_t column = 0; column < pool_.out_width; column++, gradient += filters_, winners += filters_) {
            const std::int64_t corner = (row * pool_.stride_y - pool_.pad_y - s.top) * patches_.step_y() +
                                        (column * pool_.stride_x - pool_.pad_x) * patches_.step_x();
            std::fill_n(in_place, places, 0);
            // Every value is written behind its lists, and only the live ones make them longer: no branch to guess
            // wrong.
            for (std::int64_t filter = 0; filter < filters_; filter++) {
                const float g = gradient[filter];
                const std::uint8_t place = winners[filter];
                const std::int32_t live = g != 0;
                of_filter[filter * most + in_filter[filter]] = {static_cast<std::int32_t>(corner + places_[place]), g};
                in_filter[filter] += live;
                of_place[place * width + in_place[place]] = {static_cast<std::int32_t>(filter * patches_.size()), g};
                in_place[place] += live;
            }
            if (!s.image_gradient) continue;
            for (std::int64_t place = 0; place < places; place++)
                if (in_place[place])
                    s.kernels->add_rows({of_place + place * width, in_place[place], s.kernel, kernel_runs_.data(),
                                         s.image_gradient + corner + places_[static_cast<std::size_t>(place)],
                                         patches_.runs(), patches_.run_count(), patches_.run_length()});
        }
    if (!s.weight_gradient) return;
    for (std::int64_t filter = 0; filter < filters_; filter++)
        if (in_filter[filter])
            s.kernels->add_rows({of_filter + filter * most, in_filter[filter], s.image, patches_.runs(),
                                 s.weight_gradient + filter * patches_.size(), kernel_runs_.data(),
                                 patches_.run_count(), patches_.run_length()});
}

}  // namespace convoscope
