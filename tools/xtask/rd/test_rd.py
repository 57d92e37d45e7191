"""Tests of what needs no measuring: interpolation, goals and plans, the table of rows, the reports. Python alone; those
of seams need numpy and scipy too."""

import argparse
import pathlib
import tempfile
import unittest

import goals
import growth
import peers
import report
from goals import Goal

try:
    import numpy as np

    import seams
except ImportError:
    seams = None


def peer(size, psnr, peak_top=0.0, max_error=0.01, ssim=0.9):
    figures = {"bytes": size, "psnr_db": psnr, "peak_top": peak_top, "max_rel_err": max_error, "ssim": ssim}
    return {name: str(value) for name, value in figures.items()}


def ours(dataset="a", setting="40", size=1000, psnr=40.0, peak_top=0.0, ssim=0.9, codec="neuvol-default", **more):
    row = dict.fromkeys(goals.FIELDS, "")
    row |= {"dataset": dataset, "shape": "10x10x10", "raw_bytes": "4000", "codec": codec, "setting": setting}
    row |= {
        "bytes": str(size),
        "psnr_db": str(psnr),
        "max_rel_err": "1.000e-02",
        "ssim": str(ssim),
        "ssim_all": str(ssim),
    }
    row |= {"peak_top": str(peak_top), "encode_seconds": "2.00", "encode_cpu_seconds": "1.00"}
    row |= {"mask_differs": "0", "met": "yes", "tool": "1+a"}
    return row | more


class Interpolation(unittest.TestCase):
    def test_bytes_between_two_rows_are_log_linear(self):
        rows = [peer(100, 30), peer(10000, 50)]
        self.assertAlmostEqual(peers.need("sz3", rows, "psnr", 40).bytes, 1000)
        self.assertAlmostEqual(peers.need("sz3", rows, "psnr", 50).bytes, 10000)
        self.assertEqual(peers.need("sz3", rows, "psnr", 30).bound, "")

    def test_no_extrapolation(self):
        rows = [peer(100, 30), peer(10000, 50)]
        self.assertIsNone(peers.need("sz3", rows, "psnr", 50.1))
        self.assertEqual(peers.need("sz3", rows, "psnr", 20), (100, "<=", "sz3"))
        self.assertIsNone(peers.need("sz3", [], "psnr", 20))
        self.assertEqual(peers.need_or_more("sz3", rows, "psnr", 50.1), (10000, ">=", "sz3"))
        self.assertEqual(peers.need_or_more("sz3", rows, "psnr", 20), (100, "<=", "sz3"))
        self.assertIsNone(peers.need_or_more("sz3", [], "psnr", 20))

    def test_a_single_row_and_a_lossless_one_are_bounds_only(self):
        self.assertEqual(peers.need("x", [peer(100, 30)], "psnr", 29), (100, "<=", "x"))
        self.assertIsNone(peers.need("x", [peer(100, 30)], "psnr", 31))
        self.assertEqual(peers.need("x", [peer(900, "inf")], "psnr", 60), (900, "<=", "x"))

    def test_error_and_ssim_are_compared_by_their_logarithm(self):
        rows = [peer(100, 30, max_error=0.1, ssim=0.9), peer(10000, 50, max_error=0.001, ssim=0.999)]
        for metric, row in (("max_error", peer(1, 1, max_error=0.01)), ("ssim", peer(1, 1, ssim=0.99))):
            self.assertAlmostEqual(peers.need("sz3", rows, metric, peers.METRICS[metric](row)).bytes, 1000)

    def test_the_best_is_the_smallest(self):
        of_set = {"sz3": [peer(100, 30), peer(400, 50)], "zfp": [peer(50, 30), peer(900, 50)]}
        of_set["x265-zvid"] = [peer(1, 60)]
        self.assertEqual(peers.best(peers.CLASSICAL, of_set, "psnr", 40).codec, "sz3")
        self.assertEqual(peers.best(peers.CLASSICAL, of_set, "psnr", 31).codec, "zfp")
        self.assertIsNone(peers.best(peers.CLASSICAL, of_set, "psnr", 55))

    def test_peaks_cost_more_where_they_are_lost(self):
        rows = [peer(100, 30, -0.5), peer(1000, 40, -0.1), peer(10000, 50, -0.001)]
        plain = peers.best(["sz3"], {"sz3": rows}, "psnr", 40)
        kept = peers.best(["sz3"], {"sz3": rows}, "psnr", 40, 0.05)
        self.assertAlmostEqual(plain.bytes, 1000)
        self.assertAlmostEqual(kept.bytes, 1000 * 10**0.150515, delta=0.1)
        self.assertAlmostEqual(peers.best(["sz3"], {"sz3": rows}, "psnr", 50, 0.05).bytes, 10000)
        self.assertIsNone(peers.best(["sz3"], {"sz3": rows[:2]}, "psnr", 35, 0.05))


class Targets(unittest.TestCase):
    def test_options_of_the_tool(self):
        self.assertEqual(Goal("psnr", 40.0).option(), ["--target-psnr", "40"])
        self.assertEqual(Goal("max_error", 0.005).option(), ["--max-error", "0.5%"])
        self.assertEqual(Goal("max_error", 0.02).setting(), "0.02")
        self.assertEqual(Goal("ssim", 0.98).option(), ["--target-ssim", "0.98"])
        self.assertEqual(Goal("peaks", 45.0, 0.05).option(), ["--target-psnr", "45", "--keep-peaks", "5%"])

    def test_each_kind_of_target_is_a_curve_of_its_own(self):
        kinds = [Goal("psnr", 40.0), Goal("peaks", 40.0, 0.05), Goal("max_error", 0.02), Goal("ssim", 0.98)]
        self.assertEqual(len({goal.codec("fast") for goal in kinds}), 4)
        self.assertNotEqual(Goal("peaks", 40.0, 0.05).setting(), Goal("peaks", 40.0, 0.02).setting())

    def test_what_has_to_be_met(self):
        self.assertEqual(Goal("peaks", 45.0, 0.05).targets(), {"psnr": 45.0, "peaks": 0.05})
        self.assertEqual(Goal("ssim", 0.98).targets(), {"ssim": 0.98})

    def test_the_file_of_the_target_alone_serves_where_it_keeps_the_peaks(self):
        self.assertEqual(goals.for_peaks(ours(peak_top=-0.05), 40.0, 0.05), Goal("psnr", 40.0))
        self.assertEqual(goals.for_peaks(ours(peak_top=-0.051), 40.0, 0.05), Goal("peaks", 40.0, 0.05))

    def test_a_preset_can_be_limited_to_some_targets(self):
        options = argparse.Namespace(targets=[35.0], bounds=[0.02], ssim=[0.98], peaks=0.05)
        options.presets = "default,best:40:45"
        default, best = goals.plans(options)
        self.assertEqual(default, goals.Plan("default", [35.0], [0.02], [0.98], 0.05))
        self.assertEqual(best, goals.Plan("best", [40.0, 45.0], [], [], 0.05))
        self.assertEqual((default.headline(), best.headline()), (35.0, 40.0))


class Table(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name, "rd.csv")

    def test_rows_come_back_and_are_replaced(self):
        rows = goals.Rows(self.path, "1+a")
        rows.put(ours(size=5))
        rows.put(ours(size=6))
        rows.put(ours(setting="45", size=7))
        again = goals.Rows(self.path, "1+a")
        self.assertEqual(again.get("a", "default", Goal("psnr", 40.0))["bytes"], "6")
        self.assertEqual(again.get("a", "default", Goal("psnr", 45.0))["bytes"], "7")
        self.assertIsNone(again.get("a", "fast", Goal("psnr", 40.0)))
        self.assertTrue(self.path.read_text().startswith(",".join(goals.PEER_FIELDS) + ","))

    def test_rows_of_another_build_are_moved_away(self):
        goals.Rows(self.path, "1+a").put(ours())
        rows = goals.Rows(self.path, "1+b")
        self.assertIsNone(rows.get("a", "default", Goal("psnr", 40.0)))
        rows.put(ours(tool="1+b"))
        self.assertEqual(len(goals.Rows(self.path, "1+b").rows), 1)
        self.assertEqual(len(goals.Rows(self.path.with_name("rd-1+a.csv"), "1+a").rows), 1)

    def test_rows_of_earlier_scripts_are_moved_away(self):
        goals.Rows(self.path, "1+a").put(ours(ssim_all=""))
        self.assertEqual(goals.Rows(self.path, "1+a").rows, {})
        self.assertTrue(self.path.with_name("rd-1+a.csv").is_file())

    def test_a_restart_forgets_only_its_set_and_preset(self):
        rows = goals.Rows(self.path, "1+a")
        rows.put(ours())
        rows.put(ours(codec="neuvol-default-maxerr"))
        rows.put(ours(codec="neuvol-default-peaks"))
        rows.put(ours(codec="neuvol-fast"))
        rows.put(ours(dataset="b"))
        rows.forget("a", "default")
        self.assertEqual([key[:2] for key in rows.rows], [("a", "neuvol-fast"), ("b", "neuvol-default")])


class Written(unittest.TestCase):
    def make(self, *rows, targets=(40.0,), bounds=(), ssim=(), peaks=None, peer_sets=None):
        table = goals.Rows("/nonexistent/rd.csv", "1+a")
        table.rows = {(row["dataset"], row["codec"], row["setting"]): row for row in rows}
        sets = sorted({row["dataset"] for row in rows})
        return report.Report(table, peer_sets or {}, sets, goals.Plan("default", targets, bounds, ssim, peaks))

    def test_ratios_are_peer_over_ours_and_their_median_is_told(self):
        curve = {"sz3": [peer(100, 30), peer(40000, 50)], "x265-zvid": [peer(3000, 41)]}
        made = self.make(ours(), ours("b", size=500), peer_sets={"a": curve, "b": curve})
        text = made.text()
        self.assertIn("| sz3 2.0 kB | x265-zvid <= 3.0 kB | 2.00 | <= 3.00 | 2.0 (1.0) | 1000.0 | yes |", text)
        self.assertIn("classical / ours 3.00 (2 sets), x265 / ours 4.50 (2 sets, 2 of them <=)", text)
        self.assertEqual(made.missed, [])

    def test_an_unmet_target_and_a_wrong_mask_are_told(self):
        made = self.make(ours(met="no"), ours("b", mask_differs="3"))
        text = made.text()
        self.assertEqual(text.count("Every target met: **no**"), 1)
        told = [miss.split(":")[0] for miss in made.missed]
        self.assertEqual(told, ["a, default, 40 dB", "b, default, 40 dB, 3 masked voxels differ"])

    def test_what_was_not_measured_is_not_met(self):
        made = self.make(ours(), targets=(40.0, 45.0), bounds=(0.02,), ssim=(0.98,), peaks=0.05)
        self.assertEqual(made.text().count("**no**"), 4)
        told = ["45 dB", "45 dB, peaks 5 %", "2 %", "SSIM 0.98"]
        self.assertEqual(made.missed, [f"a, default, {goal}: not measured" for goal in told])

    def test_peaks_are_those_of_the_target_alone_or_cost_more(self):
        rows = [ours(psnr=40.0, peak_top=-0.2), ours("b", peak_top=-0.04)]
        rows.append(ours(setting="40-5%", codec="neuvol-default-peaks", size=1100, psnr=40.5, peak_top=-0.02))
        curve = {"sz3": [peer(100, 30), peer(40000, 50)]}
        text = self.make(*rows, peaks=0.05, peer_sets={"a": curve, "b": curve}).text()
        # The peer has to reach 40 dB, what the target alone gave; 40.5 dB came with the peaks.
        self.assertIn("| a | 40 dB | 1.1 kB | --keep-peaks | 40.50 | -2.0 % | sz3 2.0 kB | - | 1.82 | - | yes |", text)
        self.assertIn("| b | 40 dB | 1.0 kB | target alone | 40.00 | -4.0 % | sz3 2.0 kB | - | 2.00 | - | yes |", text)

    def test_bounds_and_ssim_are_compared_at_their_own_measure(self):
        curve = {"sz3": [peer(100, 30, max_error=0.1, ssim=0.9), peer(40000, 50, max_error=0.001, ssim=0.999)]}
        bounded = ours(setting="0.02", codec="neuvol-default-maxerr")
        similar = ours(setting="0.98", codec="neuvol-default-ssim", ssim=0.99, ssim_all="0.98012")
        made = self.make(bounded, ours(), similar, bounds=(0.02,), ssim=(0.98,), peer_sets={"a": curve})
        self.assertIn("| a | 2 % | 1.0 kB | 1.000 % | 40.00 | 2.0 kB | - | - | 2.00 | yes |", made.text())
        self.assertIn("| a | 0.98 | 1.0 kB | 0.9801 | 0.9900 | 40.00 | sz3 2.0 kB | - | 2.00 | - | yes |", made.text())

    def test_peers_of_another_grid_are_refused(self):
        made = self.make(ours())
        theirs = {"a": {"sz3": [peer(1, 1) | {"shape": "9x9x9", "raw_bytes": "4000"}]}}
        good, notes = report.comparable(theirs, made.rows, ["a"])
        self.assertEqual((good, len(notes)), ({}, 1))

    def test_only_the_text_between_the_markers_is_replaced(self):
        text = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
        new = f"before\n{report.BEGIN}\n| new |\n{report.END}\nafter\n"
        self.assertEqual(report.replaced(text, "| new |\n"), new)
        self.assertEqual(report.replaced(new, "| new |\n"), new)
        self.assertIsNone(report.replaced("no markers", "x"))
        self.assertIsNone(report.replaced(f"{report.END} {report.BEGIN}", "x"))


class Growth(unittest.TestCase):
    def done(self, cpu, **more):
        return {"bytes": 1500, "seconds": 2.0, "cpu_seconds": cpu, "variables": [{"psnr": 40.01}]} | more

    def test_crops_are_central_and_halve_the_area(self):
        shape = [24, 40, 200, 300]
        self.assertEqual(growth.crop(shape, 0), (slice(0, 200), slice(0, 300)))
        self.assertEqual(growth.crop(shape, 1), (slice(0, 200), slice(75, 225)))
        self.assertEqual(growth.crop(shape, 2), (slice(50, 150), slice(75, 225)))
        self.assertEqual(growth.crop(shape, 3), (slice(50, 150), slice(112, 187)))

    def test_times_are_told_by_voxel_and_stage(self):
        done = self.done(4.0, peak_memory=2e8, stages={"scan": 0.5, "blocks": 1.25})
        cells = growth.cells(3, [10, 100, 1000], done)
        self.assertEqual(cells[:6], ["1/8", "10 × 100 × 1000", "1.00", "1.5 kB", "40.01", "2.0"])
        self.assertEqual(cells[6:10], ["4.0", "4.00", "1.00", "200.00 MB"])
        self.assertEqual(cells[10:], ["0.5", "-", "-", "-", "-", "1.2", "-", "-"])
        self.assertEqual(len(cells), len(growth.HEADS))

    def test_what_the_tool_does_not_tell_is_a_dash(self):
        self.assertEqual(growth.cells(0, [10, 10, 10], self.done(4.0))[9:], ["-"] * 9)

    def test_growth_is_the_ratio_of_the_largest_to_the_smallest(self):
        lines = [(3, [10, 10, 10], self.done(1.0)), (0, [10, 10, 80], self.done(12.0))]
        self.assertIn("smallest: 1.50, with 8.0 times the voxels", growth.growth(lines))
        self.assertEqual(growth.growth(lines[:1]), "")
        text = growth.written(Goal("psnr", 40.0), "1+a", None, {("a", "fast"): lines, ("a", "default"): lines[:1]})
        self.assertEqual((text.count("## a, preset"), text.count("smallest:")), (2, 1))


@unittest.skipIf(seams is None, "numpy or scipy is not installed")
class Faces(unittest.TestCase):
    def look(self, original, decoded, block):
        found = seams.Seams(original.shape, block)
        found.add(0, original, decoded)
        return found

    def step(self):
        """Two blocks along x whose decoded values differ by 2 at the face, on a ramp along x from 0 to 15."""
        original = np.broadcast_to(np.arange(16, dtype=np.float32), (3, 4, 16)).copy()
        decoded = original.copy()
        decoded[:, :, :8] -= 1
        decoded[:, :, 8:] += 1
        return original, decoded

    def test_faces_are_where_a_block_begins(self):
        self.assertEqual(seams.faces([10, 88, 129], [16, 88, 64]), [[], [], [64, 128]])

    def test_a_voxel_that_touches_a_face_is_at_distance_0(self):
        self.assertEqual(seams.distance(10, [4, 8]).tolist(), [3, 2, 1, 0, 0, 1, 1, 0, 0, 1])
        away = seams.distances([2, 16, 16], [8, 8, 8])
        self.assertEqual([away[0, 0, 0], away[1, 8, 0], away[0, 5, 11]], [7, 0, 2])

    def test_errors_are_told_by_their_distance(self):
        original, decoded = self.step()
        decoded[:, :, :7], decoded[:, :, 9:] = original[:, :, :7], original[:, :, 9:]
        found = self.look(original, decoded, [8, 8, 8])
        self.assertAlmostEqual(found.rmse(0, 0), 1 / 15)
        self.assertEqual((found.rmse(1, 1), found.rmse(4, 7)), (0, 0))
        self.assertTrue(np.isnan(found.rmse(8, None)))
        self.assertEqual(seams.distance_cells(found)[1:3], ["6.667 %", "0.000 %"])

    def test_jumps_across_faces_are_set_beside_those_inside(self):
        found = self.look(*self.step(), [8, 8, 8])
        for which, (across, inside) in enumerate([(1, 1), (3, 1), (2, 0)]):
            self.assertAlmostEqual(found.jump(which)[0], across / 15)
            self.assertAlmostEqual(found.jump(which)[1], inside / 15)
        self.assertEqual(seams.jump_cells(found)[5], "3.00")

    def test_masked_voxels_make_no_jump(self):
        original, decoded = self.step()
        original[:, :, 8] = decoded[:, :, 8] = np.nan
        found = self.look(original, decoded, [8, 8, 8])
        self.assertTrue(np.isnan(found.jump(1)[0]))
        self.assertEqual(found.counts.sum(), 3 * 4 * 15)

    def test_the_worst_slice_has_the_largest_jumps_of_the_error(self):
        original, decoded = self.step()
        decoded[2, :, 8:] += 3
        found = seams.Seams(original.shape, [8, 8, 8])
        found.add(0, *self.step())
        found.add(1, original, decoded)
        self.assertEqual(found.worst, (4 * 25.0, 1, 0, 2))

    def test_axes_are_weighted_as_they_count_across_faces(self):
        # Steep along z, where there is no face: nothing of that is compared.
        original = np.broadcast_to(100 * np.arange(3, dtype=np.float32)[:, None, None], (3, 16, 16)).copy()
        original += np.arange(16, dtype=np.float32)
        self.assertAlmostEqual(self.look(original, original, [8, 16, 8]).jump(0)[1], 1 / 215)

    def test_errors_are_enlarged_by_round_factors(self):
        self.assertEqual(seams.factor(np.full((9, 9), 0.3), 10.0), 10)
        self.assertEqual(seams.factor(np.full((9, 9), 30.0), 10.0), 1)
        self.assertEqual(seams.factor(np.zeros((9, 9)), 10.0), 1)

    def test_the_report_has_both_tables_and_the_sets_of_one_block(self):
        found = {"a": ([3, 4, 16], [8, 8, 8], self.look(*self.step(), [8, 8, 8]))}
        text = seams.written("fast", Goal("psnr", 40.0), "1+a", None, found, ["b: the grid 1 × 2 × 3 is one block."])
        self.assertIn("| a | 3 × 4 × 16 | 8 × 8 × 8 | 23.52 | 6.667 % |", text)
        self.assertIn("![a](seams_a.png)", text)
        self.assertTrue(text.endswith("is one block.\n"))


if __name__ == "__main__":
    unittest.main()
