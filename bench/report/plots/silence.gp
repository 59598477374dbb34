# A row for each server: what a silent client takes of the server's memory.
name = "silence"; width = 500; height = 70 + 34 * rows
load plots."/style.gp"
set lmargin at screen 0.37 # a name
data = folder."/silence.dat"
set logscale x
set yrange [rows - 0.4 : -0.6]
set xrange [0.1 : *]
set offsets graph 0, graph 0.2, 0, 0
set border 1
set grid noytics
set ytics scale 0
set xtics ("0.1 KiB" 0.1, "1 KiB" 1, "10 KiB" 10, "100 KiB" 100, "1 MiB" 1024)
set xlabel "memory of the server for each silent client"
plot data using (0.1):0:(0.1):3:($0 - 0.36):($0 + 0.36):ytic(2) with boxxyerror fillstyle solid 0.9 noborder linecolor rgb hue(2) notitle, \
     data using 3:0:4:5 with xerrorbars pointtype -1 linewidth 2 linecolor "#646464" notitle, \
     data using 5:0:(sprintf("  %.3g KiB", $3)) with labels left textcolor "#646464" notitle
