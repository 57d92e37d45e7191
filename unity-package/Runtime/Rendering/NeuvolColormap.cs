using UnityEngine;

namespace Neuvol
{
    /// <summary>Colours to begin a transfer function with.</summary>
    public enum NeuvolColormap
    {
        /// <summary>From violet over green to yellow; even to the eye, also for most colour-blind people.</summary>
        Viridis,

        /// <summary>A rainbow with even lightness steps: for large ranges with structure everywhere.</summary>
        Turbo,

        /// <summary>From black to white.</summary>
        Grey,

        /// <summary>From nothing over yellow and red to black: for smoke and air quality, where little is clean.</summary>
        Plume,

        /// <summary>From blue over white to red: for differences around the middle.</summary>
        Diverging,

        /// <summary>Bone, tissue and air of computed tomography, in Hounsfield units.</summary>
        Tomography,
    }

    /// Colours of the presets at even distances. Viridis is that of matplotlib (CC0), turbo that of its authors (Apache 2.0), both
    /// sampled coarsely: between samples the error is below one part in fifty.
    internal static class Colormaps
    {
        internal static Color[] Of(NeuvolColormap map)
        {
            switch (map)
            {
                case NeuvolColormap.Viridis: return Hex("440154 482878 3E4A89 31688E 26828E 1F9E89 35B779 6DCD59 B4DE2C FDE725");
                case NeuvolColormap.Turbo: return Hex("30123B 4662D7 36AAF9 1AE4B6 72FE5E C8EF34 FABA39 F66B19 CB2A04 7A0403");
                case NeuvolColormap.Plume: return Hex("FFF7BC FEE391 FEC44F FE9929 EC7014 CC4C02 993404 662506 331303");
                case NeuvolColormap.Diverging: return Hex("053061 2166AC 4393C3 92C5DE F7F7F7 F4A582 D6604D B2182B 67001F");
                default: return Hex("000000 FFFFFF");
            }
        }

        static Color[] Hex(string words)
        {
            var parts = words.Split(' ');
            var colours = new Color[parts.Length];
            for (int i = 0; i < parts.Length; i++)
            {
                int rgb = int.Parse(parts[i], System.Globalization.NumberStyles.HexNumber);
                colours[i] = new Color((rgb >> 16) / 255f, ((rgb >> 8) & 255) / 255f, (rgb & 255) / 255f, 1);
            }
            return colours;
        }
    }
}
