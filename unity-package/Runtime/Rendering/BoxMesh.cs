using UnityEngine;

namespace Neuvol
{
    /// The box that the shaders draw.
    internal static class BoxMesh
    {
        /// Corners by number: bit 0 is x, bit 1 is y, bit 2 is z. Faces are clockwise from outside, as Unity's are.
        static readonly int[] Triangles =
        {
            0, 2, 3, 0, 3, 1, // z-
            4, 5, 7, 4, 7, 6, // z+
            0, 4, 6, 0, 6, 2, // x-
            1, 3, 7, 1, 7, 5, // x+
            0, 1, 5, 0, 5, 4, // y-
            2, 6, 7, 2, 7, 3, // y+
        };

        /// Makes it, or changes one that is there, to these edges around the origin.
        internal static void Shape(ref Mesh mesh, Vector3 edges)
        {
            if (mesh == null) mesh = new Mesh { name = "Neuvol box", hideFlags = HideFlags.HideAndDontSave };
            var corners = new Vector3[8];
            for (int i = 0; i < 8; i++)
            {
                var side = new Vector3((i & 1) - 0.5f, (i >> 1 & 1) - 0.5f, (i >> 2) - 0.5f);
                corners[i] = Vector3.Scale(side, edges);
            }
            mesh.vertices = corners;
            mesh.triangles = Triangles;
            mesh.RecalculateBounds();
        }
    }
}
