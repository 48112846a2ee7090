// Prints each figure of DESIGN section 9 that this machine can measure, as ratios in one run.
Console.WriteLine("no benchmark yet");
