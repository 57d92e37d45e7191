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

    @unittest.skipIf(structural_similarity is None, "scikit-image is not installed")
    def test_ssim_is_that_of_scikit_image(self):
        values = volume(12, 15, 20)
        decoded = noisy(values, 0.2)
        low, extent = values.min(), float(values.max()) - float(values.min())
        shifted = (a.astype(np.float64) - low for a in (values, decoded))
        expected = structural_similarity(*shifted, win_size=7, data_range=extent)
        self.assertAlmostEqual(measure.Original(values).compare(decoded)["ssim"], expected, places=9)


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
        code, text = self.run_it(values, decoded, *dims, "--psnr", "50", "--max-error", "0.02", "--ssim", "0.9")
        self.assertEqual((code, json.loads(text)["good"]), (0, True))
        for target in (("--psnr", "90"), ("--max-error", "0.0001"), ("--ssim", "0.9999999")):
            code, text = self.run_it(values, decoded, *dims, *target)
            self.assertEqual((code, list(json.loads(text)["targets_met"].values())), (1, [False]))
        decoded[0, 0, 0] = np.nan
        self.assertEqual(self.run_it(values, decoded, *dims)[0], 1)
        self.assertEqual(self.run_it(values, decoded, "--dims", "10,9,9")[0], 2)


if __name__ == "__main__":
    unittest.main()
