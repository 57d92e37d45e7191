"""Tests of measure.py: figures that follow from arithmetic, and SSIM against scikit-image where that is installed."""

import json
import math
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np

import measure

try:
    from skimage.metrics import structural_similarity
except ImportError:
    structural_similarity = None


def volume(*shape):
    """Smooth and noisy parts, range about 0 to 3."""
    random = np.random.default_rng(1)
    ramp = np.linspace(0, 2, math.prod(shape)).reshape(shape)
    return (ramp + random.random(shape)).astype(np.float32)


def noisy(values, scale):
    return values + np.float32(scale) * np.random.default_rng(2).standard_normal(values.shape).astype(np.float32)


class Figures(unittest.TestCase):
    def test_a_constant_error_gives_its_own_psnr_and_largest_error(self):
        values = np.zeros((8, 8, 8), np.float32)
        values[0, 0, 0] = 4.0
        figures = measure.Original(values).compare(values + np.float32(0.5))
        self.assertAlmostEqual(figures["psnr_db"], 20 * math.log10(8))
        self.assertAlmostEqual(figures["max_rel_err"], 1 / 8)
        self.assertAlmostEqual(figures["peak_max"], 1 / 8)

    def test_the_same_volume_has_no_error(self):
        values = volume(9, 8, 10)
        figures = measure.Original(values).compare(values.copy())
        self.assertEqual((figures["psnr_db"], figures["max_rel_err"], figures["mask_differs"]), (math.inf, 0, 0))
        self.assertAlmostEqual(figures["ssim"], 1)

    def test_peaks_that_moved_are_lost(self):
        values = np.zeros((10, 10, 20), np.float32)
        values[5, 5, 5] = values[5, 5, 6] = 10.0
        moved = np.roll(values, 5, axis=2)
        figures = measure.Original(values).compare(moved)
        self.assertEqual(figures["peak_max"], 0)
        self.assertAlmostEqual(figures["peak_top"], -1)

    def test_masked_voxels_count_in_no_figure(self):
        values = volume(9, 9, 12)
        decoded = noisy(values, 0.01)
        values[:, 3, 4:7] = np.nan
        masked = decoded.copy()
        masked[:, 3, 4:7] = np.nan
        figures = measure.Original(values).compare(masked)
        valid = ~np.isnan(values)
        error = (decoded - values)[valid].astype(np.float64)
        extent = float(values[valid].max()) - float(values[valid].min())
        self.assertAlmostEqual(figures["psnr_db"], 20 * math.log10(extent / math.sqrt((error**2).mean())), places=6)
        self.assertEqual(figures["mask_differs"], 0)

    def test_a_mask_that_differs_is_counted(self):
        values = volume(8, 8, 8)
        decoded = values.copy()
        decoded[1, 2, 3:5] = np.nan
        self.assertEqual(measure.Original(values).compare(decoded)["mask_differs"], 2)

    def test_masked_voxels_take_the_nearest_value_along_x(self):
        nan = np.nan
        values = np.array([[nan, 1, nan, nan, 5], [nan] * 5, [2, 2, 2, 2, 2]], np.float32)
        mean = np.float32((1 + 5 + 10) / 7)
        expected = [[1, 1, 1, 1, 5], [mean] * 5, [2] * 5]
        np.testing.assert_allclose(measure.filled(values, ~np.isnan(values)), expected)

    def test_time_steps_between_the_first_and_the_last_do_not_count_in_ssim(self):
        values = np.stack([volume(8, 8, 8)] * 3)
        decoded = values.copy()
        decoded[1] += noisy(values[1], 1)
        self.assertAlmostEqual(measure.Original(values).compare(decoded)["ssim"], 1)
        decoded[2] = noisy(values[2], 1)
        self.assertLess(measure.Original(values).compare(decoded)["ssim"], 0.95)

    def test_every_step_counts_in_ssim_all_and_each_window_the_same(self):
        values = np.stack([volume(8, 8, 8)] * 3)
        values[0, :, :, 7] = np.nan
        decoded = values.copy()
        decoded[1] = noisy(values[1], 1)
        figures = measure.Original(values).compare(decoded)
        self.assertAlmostEqual(figures["ssim"], 1)
        alone = measure.Similarity(measure.Original(values).range, [7, 7, 7])
        total, number = alone.of_valid(values[1], decoded[1], np.ones((8, 8, 8), bool), float(np.nanmin(values)))
        # Two windows along each axis; along x only one in the first step.
        self.assertEqual(number, 8)
        self.assertAlmostEqual(figures["ssim_all"], (4 + total + 8) / 20)

    def test_ssim_all_of_a_single_window_is_that_of_its_formula(self):
        # One window: half of its voxels are 0, half 1, one voxel of each in turn; decoded half as strong.
        values = (np.arange(343) % 2).astype(np.float32).reshape(7, 7, 7)
        # 171 ones: mean 171/343, sum of squared deviations 171 * 172 / 343.
        mean, variance = 171 / 343, 171 * 172 / 343 / 342
        c1, c2 = 0.01**2, 0.03**2
        luminance = (mean * mean + c1) / (1.25 * mean * mean + c1)
        structure = (variance + c2) / (1.25 * variance + c2)
        figures = measure.Original(values).compare(values / 2)
        self.assertAlmostEqual(figures["ssim_all"], luminance * structure, places=12)
        self.assertAlmostEqual(figures["ssim"], luminance * structure, places=12)

    def test_a_window_with_a_masked_voxel_does_not_count_in_ssim_all(self):
        values = np.zeros((7, 7, 9), np.float32)
        values[3, 3, 4], values[0, 0, 0] = 1, np.nan
        decoded = values.copy()
        decoded[0, 0, 1] = 0.5
        # Of the three windows along x the first holds the masked voxel, the second the error.
        figures = measure.Original(values).compare(decoded)
        self.assertLess(figures["ssim_all"], 1)
        decoded[0, 0, 1], decoded[1, 0, 0] = 0, 0.5
        self.assertAlmostEqual(measure.Original(values).compare(decoded)["ssim_all"], 1)
        decoded[:, :, 4] = values[:, :, 4] = np.nan
        values[0, 0, 1] = 1
        self.assertTrue(math.isnan(measure.Original(values).compare(decoded)["ssim_all"]))

    def test_constant_windows_count_whole_or_not_at_all_in_ssim_all(self):
        values = np.zeros((7, 7, 14), np.float32)
        values[:, :, 13] = 1
        # Seven windows without the last plane: constant in both.
        for shift, equal in ((0.009, 1), (0.011, 0)):
            decoded = values.copy()
            decoded[:, :, :13] += np.float32(shift)
            figures = measure.Original(values).compare(decoded)
            last = 8 * figures["ssim_all"] - 7 * equal
            self.assertTrue(0.95 < last < 1, (shift, last))

    def test_short_axes_have_the_largest_odd_window(self):
        self.assertEqual([measure.window_of_neuvol(n) for n in (1, 2, 3, 4, 6, 7, 8)], [1, 1, 3, 3, 5, 7, 7])
        values = volume(4, 9, 9)
        figures = measure.Original(values).compare(noisy(values, 0.1))
        self.assertTrue(0 < figures["ssim_all"] < 1)

    def test_portions_change_no_figure(self):
        values = np.stack([volume(12, 9, 10), noisy(volume(12, 9, 10), 0.3)])
        values[:, 3, 2, 5:] = np.nan
        decoded = noisy(values, 0.1)
        whole = measure.Original(values).compare(decoded)
        portion, measure.PORTION = measure.PORTION, 200
        self.addCleanup(setattr, measure, "PORTION", portion)
        for name, value in measure.Original(values).compare(decoded).items():
            self.assertAlmostEqual(value, whole[name], places=10, msg=name)

    @unittest.skipIf(structural_similarity is None, "scikit-image is not installed")
    def test_ssim_is_that_of_scikit_image(self):
        values = volume(12, 15, 20)
        decoded = noisy(values, 0.2)
        low, extent = values.min(), float(values.max()) - float(values.min())
        shifted = (a.astype(np.float64) - low for a in (values, decoded))
        expected = structural_similarity(*shifted, win_size=7, data_range=extent)
        figures = measure.Original(values).compare(decoded)
        self.assertAlmostEqual(figures["ssim"], expected, places=9)
        self.assertAlmostEqual(figures["ssim_all"], expected, places=9)


class Program(unittest.TestCase):
    def run_it(self, original, decoded, *options):
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder, name) for name in ("a.raw", "b.raw")]
            for path, values in zip(paths, (original, decoded)):
                values.astype("<f4").tofile(path)
            program = pathlib.Path(measure.__file__)
            done = subprocess.run([sys.executable, program, *paths, *options], capture_output=True, text=True)
        return done.returncode, done.stdout

    def test_exit_codes(self):
        values = volume(8, 9, 10)
        decoded = noisy(values, 0.003)
        dims = ("--dims", "10,9,8")
        code, text = self.run_it(
            values, decoded, *dims, "--psnr", "50", "--max-error", "0.02", "--ssim", "0.9", "--peaks", "0.1"
        )
        self.assertEqual((code, json.loads(text)["good"]), (0, True))
        failing = (("--psnr", "90"), ("--max-error", "0.0001"), ("--ssim", "0.9999999"), ("--peaks", "-0.5"))
        for target in failing:
            code, text = self.run_it(values, decoded, *dims, *target)
            self.assertEqual((code, list(json.loads(text)["targets_met"].values())), (1, [False]))
        decoded[0, 0, 0] = np.nan
        self.assertEqual(self.run_it(values, decoded, *dims)[0], 1)
        self.assertEqual(self.run_it(values, decoded, "--dims", "10,9,9")[0], 2)


if __name__ == "__main__":
    unittest.main()
