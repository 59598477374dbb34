# A row for each server: what the message of one who talks costs, alone and among many who are silent.
name = "crowd"; width = 500; height = 90 + 34 * rows
load plots."/style.gp"
set lmargin at screen 0.37 # a name
data = folder."/crowd.dat"
set logscale x
set yrange [rows - 0.4 : -0.6]
set xrange [0.9 : *]
set border 1
set grid noytics
set ytics scale 0
set xlabel "CPU time a message; 1 = the kernel's floor"
set key above vertical maxrows 2 left Left reverse samplen 1
set arrow from first 1, graph 0 to first 1, graph 1 nohead linecolor rgb "#646464" dashtype 2
plot data using 3:0:(column(4) - column(3)):(0):ytic(2) with vectors nohead linewidth 4 linecolor rgb kernel notitle, \
     data using 3:0 with points pointtype 7 pointsize 0.9 linecolor rgb hue(0) title "50 clients alone", \
     data using 4:0 with points pointtype 13 pointsize 1.2 linecolor rgb hue(1) title "with 950 silent ones"
