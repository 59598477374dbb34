# A bar for each server: what a client's visit costs.
name = "visits"; width = 500; height = 70 + 34 * rows
load plots."/style.gp"
set lmargin at screen 0.37 # a name
data = folder."/visits.dat"
set yrange [rows - 0.4 : -0.6]
set xrange [0 : *]
set offsets graph 0, graph 0.12, 0, 0
set border 1
set grid noytics
set ytics scale 0
set xlabel "CPU time a visit, in microseconds"
plot data using (0):0:(0):3:($0 - 0.36):($0 + 0.36):ytic(2) with boxxyerror fillstyle solid 0.9 noborder linecolor rgb hue(3) notitle, \
     data using 3:0:4:5 with xerrorbars pointtype -1 linewidth 2 linecolor "#646464" notitle, \
     data using 5:0:(sprintf("  %.3g", $3)) with labels left textcolor "#646464" notitle
