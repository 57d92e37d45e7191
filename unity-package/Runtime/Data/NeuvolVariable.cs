using System.Collections.Generic;
using UnityEngine;

namespace Neuvol
{
    /// <summary>A variable of a file: its grid, its axes, and what is known of its values.</summary>
    public sealed unsafe class NeuvolVariable
    {
        NeuvolVariable(NeuvolFile file, int index)
        {
            File = file;
            Index = index;
        }

        /// <summary>The file that it is in.</summary>
        public NeuvolFile File { get; }

        /// <summary>Its number in the file, from 0.</summary>
        public int Index { get; }

        /// <summary>Its name.</summary>
        public string Name { get; private set; }

        /// <summary>Its units as the source states them, for example "ug m-3"; "" if it does not.</summary>
        public string Units { get; private set; }

        /// <summary>The attribute <c>long_name</c>, else <c>standard_name</c>, else the name.</summary>
        public string LongName { get; private set; }

        /// <summary>The attribute <c>standard_name</c> of the CF conventions, or "".</summary>
        public string StandardName { get; private set; }

        /// <summary>Names of the dimensions along x, y, z; "" where the variable lacks that axis.</summary>
        public IReadOnlyList<string> Dimensions { get; private set; }

        /// <summary>Voxels x, y, z on level 0.</summary>
        public Vector3Int Size { get; private set; }

        /// <summary>Voxels x, y, z of a block on level 0.</summary>
        public Vector3Int BlockSize { get; private set; }

        /// <summary>Blocks x, y, z.</summary>
        public Vector3Int BlockCount { get; private set; }

        /// <summary>Levels of detail, 1 to 4; level 0 is the finest.</summary>
        public int LevelCount { get; private set; }

        /// <summary>Quality layers, 1 to 8; layer 0 is the best.</summary>
        public int QualityCount { get; private set; }

        /// <summary>Time steps, at least 1.</summary>
        public int StepCount { get; private set; }

        /// <summary>Whether it has a time axis.</summary>
        public bool HasTime { get; private set; }

        /// <summary>Smallest valid value of the source in <see cref="Units"/>; NaN if it has none.</summary>
        public float Min { get; private set; }

        /// <summary>Largest valid value of the source in <see cref="Units"/>; NaN if it has none.</summary>
        public float Max { get; private set; }

        /// <summary>Valid values in the source, all steps together.</summary>
        public long ValidCount { get; private set; }

        /// <summary>Whether there are voxels without a valid value, for example below the ground.</summary>
        public bool HasMissing => ValidCount < (long)Size.x * Size.y * Size.z * StepCount;

        /// <summary>Largest absolute error of quality 0, in <see cref="Units"/>; NaN if it was not measured.</summary>
        public float MaxAbsError { get; private set; }

        /// <summary>Root mean square error of quality 0, in <see cref="Units"/>; NaN if it was not measured.</summary>
        public float Rmse { get; private set; }

        /// <summary>Its time steps, as dates where the file says so.</summary>
        public NeuvolTimeAxis Times { get; private set; }

        /// <summary>Where in the world its voxels are.</summary>
        public NeuvolGrid Grid { get; private set; }

        /// <summary>Voxels x, y, z on a level: half as many on each next one, rounded up.</summary>
        /// <param name="level">0 to <see cref="LevelCount"/> - 1.</param>
        public Vector3Int SizeAt(int level)
        {
            var size = Size;
            for (int i = 0; i < level; i++) size = new Vector3Int((size.x + 1) / 2, (size.y + 1) / 2, (size.z + 1) / 2);
            return size;
        }

        /// <summary>Bounds of the valid values of a block around a time, which hold on every level.</summary>
        /// <param name="block">Number of the block: bx + BlockCount.x * (by + BlockCount.y * bz).</param>
        /// <param name="time">Time in steps.</param>
        /// <param name="quality">Quality layer.</param>
        /// <returns>x the lower, y the upper bound; +infinity and -infinity if no voxel is valid.</returns>
        /// <exception cref="NeuvolException">If an argument is out of range or the file is closed.</exception>
        public Vector2 BlockRange(int block, double time, int quality = 0)
        {
            float min, max;
            NativeCall.Check(NeuvolNative.neuvol_block_get_range(File.Handle, (uint)Index, (uint)quality, time, (uint)block,
                &min, &max));
            return new Vector2(min, max);
        }

        internal static NeuvolVariable Read(NeuvolFile file, uint index, Dictionary<string, object> metadata)
        {
            var handle = file.Handle;
            var info = new NeuvolNative.neuvol_variable_info
            {
                struct_size = (uint)sizeof(NeuvolNative.neuvol_variable_info),
            };
            NativeCall.Check(NeuvolNative.neuvol_variable_get_info(handle, index, &info));
            var variable = new NeuvolVariable(file, (int)index)
            {
                Name = NativeCall.Text((b, c, n) => NeuvolNative.neuvol_variable_get_name(handle, index, b, c, n)),
                Units = NativeCall.Text((b, c, n) => NeuvolNative.neuvol_variable_get_units(handle, index, b, c, n)),
                Size = new Vector3Int((int)info.dims[0], (int)info.dims[1], (int)info.dims[2]),
                BlockSize = new Vector3Int((int)info.block_dims[0], (int)info.block_dims[1], (int)info.block_dims[2]),
                BlockCount = new Vector3Int((int)info.block_counts[0], (int)info.block_counts[1], (int)info.block_counts[2]),
                LevelCount = (int)info.level_count,
                QualityCount = (int)info.quality_count,
                StepCount = (int)info.step_count,
                HasTime = (info.flags & NeuvolNative.NEUVOL_VARIABLE_HAS_TIME) != 0,
                Min = info.value_min,
                Max = info.value_max,
                ValidCount = (long)info.valid_count,
                MaxAbsError = info.max_abs_error,
                Rmse = info.rmse,
            };
            var of = Attributes.Member(metadata, "variables", (int)index);
            variable.StandardName = Attributes.Text(of, "standard_name");
            variable.LongName = Attributes.Text(of, "long_name");
            if (variable.LongName == "") variable.LongName = variable.StandardName;
            if (variable.LongName == "") variable.LongName = variable.Name;
            var dimensions = new string[4];
            for (int axis = 0; axis < 4; axis++)
            {
                int number = axis;
                dimensions[axis] = NativeCall.Text((b, c, n) =>
                    NeuvolNative.neuvol_variable_get_dimension(handle, index, number, b, c, n));
            }
            variable.Dimensions = new[] { dimensions[0], dimensions[1], dimensions[2] };
            variable.Times = new NeuvolTimeAxis(Along(file, dimensions[3]), variable.StepCount);
            variable.Grid = new NeuvolGrid(variable.Size, variable.Dimensions,
                new[] { Along(file, dimensions[0]), Along(file, dimensions[1]), Along(file, dimensions[2]) });
            return variable;
        }

        static NeuvolCoordinate Along(NeuvolFile file, string dimension)
        {
            var found = dimension == "" ? null : file.Coordinate(dimension);
            return found != null && found.Rank == 1 ? found : null;
        }
    }
}
