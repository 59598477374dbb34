# A bar for each server: grey up to the kernel's floor, which nobody can avoid; coloured what the model adds.
name = "price"; width = 500; height = 90 + 34 * rows
load plots."/style.gp"
set lmargin at screen 0.37 # a name
data = folder."/price.dat"
set yrange [rows - 0.4 : -0.6]
set xrange [0 : *]
set offsets graph 0, graph 0.12, 0, 0
set border 1
set grid noytics
set ytics scale 0
set xlabel "CPU time a message; 1 = the kernel's floor"
set key above vertical maxrows 2 left Left reverse samplen 1
set arrow from first 1, graph 0 to first 1, graph 1 nohead linecolor "#646464" dashtype 2 front
plot data using (0):0:(0):(1):($0 - 0.36):($0 + 0.36):ytic(2) with boxxyerror fillstyle solid 0.45 noborder linecolor rgb kernel title "recv() and send(): the floor", \
     data using (1):0:(1):3:($0 - 0.36):($0 + 0.36) with boxxyerror fillstyle solid 0.9 noborder linecolor rgb hue(0) title "what the model adds", \
     data using 3:0:4:5 with xerrorbars pointtype -1 linewidth 2 linecolor "#646464" notitle, \
     data using 5:0:(sprintf("  %.2f", $3)) with labels left textcolor "#646464" notitle
