using System;

/// One check per run, named by the first argument.
static class Program
{
    static int Main(string[] arguments)
    {
        try
        {
            switch (arguments[0])
            {
                case "layout": Layout.Compare(arguments[1]); break;
                case "describe": Describe.Run(arguments[1]); break;
                case "decode": Decode.Run(arguments[1], arguments[2]); break;
                case "unity": Unity.Run(arguments[1], arguments[2]); break;
                default: throw new Exception("unknown check " + arguments[0]);
            }
            return 0;
        }
        catch (Exception error)
        {
            Console.Error.WriteLine(error);
            return 1;
        }
    }
}
