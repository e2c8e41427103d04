#include "live_winners.hpp"

#include <algorithm>
#include <cstring>

namespace convoscope {
namespace {

constexpr std::int64_t cached_floats = 10 * 1024;  // about a first-level cache: as measured, not a float too many
// Where channels are taken a vector at a time:
constexpr std::int64_t block_floats = 6 * 1024;  // of the kernels, which leave that cache room for a strip's gradient
constexpr std::int64_t fewest_taps = 6;          // sums enough not to wait for each other
constexpr std::int64_t longest = 7;              // taps along x
constexpr std::int64_t widest = 8;               // vector: of wider ones, stretches of rows were as fast as measured
constexpr std::int64_t blocks_at_once = 8;       // are copied: all of a pixel's channels that lie side by side

}  // namespace

LiveWinners::LiveWinners(const Frame& f)
    : f_(f),
      patches_(f.patches),
      filters_(f.filters),
      pixels_(f.images * f.rows * f.out_width),
      window_(f.pool.size_y * f.pool.size_x),
      strip_pixels_(f.patches.strip_pixels(f.strip_rows(f.rows))) {
    // The weight gradient reads the image under a strip's features, the input gradient all filters' kernels.
    const std::int64_t features = f.rows * f.pool.stride_y * f.out_width * f.pool.stride_x;
    image_pieces_ = pieces(cached_floats / features);
    kernel_pieces_ = pieces(cached_floats / filters_);
}

bool LiveWinners::pays(const PoolRows& pool, const Patches& patches) {
    return pool.stride_y * pool.stride_x >= 3 && patches.run_length() >= 16;
}

LiveWinners::Layout LiveWinners::layout(const Kernels& k) const {
    const std::int64_t channels = f_.image[2];
    const auto [size_y, size_x] = f_.settings.kernel;
    if (k.width > widest || channels % k.width != 0 || size_y * size_x < fewest_taps || size_x > longest ||
        f_.settings.dilation[1] > 1)
        return {false, 1, 1, patches_.size()};
    return {true, channels / k.width, size_y * size_x, k.width};
}

// So many that a block of their kernels stays in the cache.
std::int64_t LiveWinners::filters_at_once(const Layout& l) const {
    if (!l.vectors) return filters_;
    const std::int64_t most = std::max<std::int64_t>(block_floats / (l.taps * l.width), 16);
    const std::int64_t parts = (filters_ + most - 1) / most;
    return padded((filters_ + parts - 1) / parts, 16);
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

// In the forward pass the kernel is (taps, blocks, width, filters).
void LiveWinners::turn(const Kernels& k, const float* kernel, float* to) const {
    const Layout l = layout(k);
    for (std::int64_t tap = 0; tap < l.taps; tap++)
        for (std::int64_t block = 0; block < l.blocks; block++)
            k.transpose(kernel + (tap * l.blocks + block) * l.width * filters_, filters_, l.width, filters_,
                        to + (block * filters_ * l.taps + tap) * l.width, l.taps * l.width);
}

void LiveWinners::turn_back(const Kernels& k, const float* from, float* kernel) const {
    const Layout l = layout(k);
    for (std::int64_t tap = 0; tap < l.taps; tap++)
        for (std::int64_t block = 0; block < l.blocks; block++)
            k.transpose(from + (block * filters_ * l.taps + tap) * l.width, l.taps * l.width, filters_, l.width,
                        kernel + (tap * l.blocks + block) * l.width * filters_, filters_);
}

// [lists][some blocks of the strip][their gradient]
std::int64_t LiveWinners::scratch_floats() const { return list_floats() + 2 * copy_floats(); }

// From a block of the strip to the next: not a power of two, whose streams would share few lines of the cache.
std::int64_t LiveWinners::block_step() const { return f_.images * strip_pixels_ * widest + widest; }
std::int64_t LiveWinners::copy_floats() const { return blocks_at_once * block_step(); }

// [of each filter: its winners][of each pixel: its winners, by their places][lists of filters][lists of pixels and
// places, of some filters at a time][pixels' corners][places]
std::int64_t LiveWinners::list_floats() const {
    const std::int64_t terms = 2 * pixels_ * filters_ + live_room, lists = filters_ + pixels_ * filters_;
    return aligned(2 * terms + 3 * lists + pixels_ + window_);
}

LiveWinners::Lists LiveWinners::lists(const Work& w, const Layout& l) const {
    Lists lists{};
    lists.of_filter = reinterpret_cast<Term*>(w.scratch);
    lists.of_place = lists.of_filter + pixels_ * filters_;
    lists.filters = reinterpret_cast<TermList*>(lists.of_place + pixels_ * filters_ + live_room);
    lists.places = lists.filters + filters_;
    lists.corners = reinterpret_cast<std::int32_t*>(lists.places + pixels_ * filters_);
    lists.offsets = lists.corners + pixels_;
    const Strip& s = w.strip;
    const PoolRows& pool = f_.pool;
    // From a feature to the next one: in the image as it lies, or in a block of it.
    const auto step = [&](std::int64_t floats) { return l.vectors ? floats / f_.image[2] * l.width : floats; };
    const std::int64_t image = l.vectors ? strip_pixels_ * l.width : patches_.image_step(), y = step(patches_.step_y()),
                       x = step(patches_.step_x());
    std::int64_t pixels = 0;
    for (std::int64_t i = 0; i < s.images; i++)
        for (std::int64_t row = s.begin; row < s.end; row++)
            for (std::int64_t column = 0; column < pool.out_width; column++)
                lists.corners[pixels++] =
                    static_cast<std::int32_t>(i * image + (row * pool.stride_y - pool.pad_y - s.top) * y +
                                              (column * pool.stride_x - pool.pad_x) * x);
    for (std::int64_t place = 0; place < window_; place++)
        lists.offsets[place] = static_cast<std::int32_t>(place / pool.size_x * y + place % pool.size_x * x);
    lists.place_count = w.kernels->winner_lists({w.gradient, w.winners, lists.corners, lists.offsets, pixels, filters_,
                                                 window_, filters_at_once(l),
                                                 static_cast<std::int32_t>(l.taps * l.width), lists.of_filter,
                                                 lists.filters, lists.of_place, lists.places});
    return lists;
}

void LiveWinners::backward(const Work& w) const {
    const Layout l = layout(*w.kernels);
    const Lists found = lists(w, l);
    if (l.vectors)
        add_blocks(w, l, found);
    else
        add_rows(w, found);
}

void LiveWinners::add_rows(const Work& w, const Lists& lists) const {
    if (w.image_gradient)
        for (const Piece& p : kernel_pieces_)
            w.kernels->add_rows({lists.of_place, lists.places, lists.place_count, w.kernel + p.in_kernel,
                                 w.image_gradient + p.in_patch, p.length});
    if (w.weight_gradient)
        for (const Piece& p : image_pieces_)
            w.kernels->add_rows({{lists.of_filter, lists.filters, filters_, w.image + p.in_patch,
                                  w.weight_gradient + p.in_kernel},
                                 p.length});
}

void LiveWinners::add_blocks(const Work& w, const Layout& l, const Lists& lists) const {
    const std::int64_t channels = f_.image[2], pixels = patches_.strip_pixels(w.strip.bottom - w.strip.top);
    const std::int64_t image_floats = strip_pixels_ * l.width, kernel_block = filters_ * l.taps * l.width;
    float* const image = w.scratch + list_floats();
    float* const gradient = image + copy_floats();
    BlockSums sums{};
    sums.size_y = f_.settings.kernel[0];
    sums.size_x = f_.settings.kernel[1];
    const std::int64_t kernel_row = sums.size_x * l.width,
                       image_row = f_.settings.dilation[0] * patches_.row_step() / channels * l.width;
    for (std::int64_t first = 0; first < l.blocks; first += blocks_at_once) {
        const std::int64_t count = std::min(blocks_at_once, l.blocks - first);
        if (w.weight_gradient) {
            for (std::int64_t i = 0; i < w.strip.images; i++)
                w.kernels->to_blocks(w.image + i * patches_.image_step() + first * l.width, channels, pixels, count,
                                     image + i * image_floats, block_step());
            sums.terms = lists.of_filter, sums.lists = lists.filters, sums.list_count = filters_;
            sums.source_row = image_row, sums.target_row = kernel_row;
            for (std::int64_t block = 0; block < count; block++) {
                sums.source = image + block * block_step();
                sums.target = w.weight_gradient + (first + block) * kernel_block;
                w.kernels->add_blocks(sums);
            }
        }
        if (w.image_gradient) {
            std::memset(gradient, 0, static_cast<std::size_t>(count * block_step()) * sizeof(float));
            sums.terms = lists.of_place, sums.lists = lists.places, sums.list_count = lists.place_count;
            sums.source_row = kernel_row, sums.target_row = image_row;
            for (std::int64_t block = 0; block < count; block++) {
                sums.source = w.kernel + (first + block) * kernel_block;
                sums.target = gradient + block * block_step();
                w.kernels->add_blocks(sums);
            }
            for (std::int64_t i = 0; i < w.strip.images; i++)
                w.kernels->add_from_blocks(gradient + i * image_floats, block_step(), pixels, count,
                                           w.image_gradient + i * patches_.image_step() + first * l.width, channels);
        }
    }
}

}  // namespace convoscope
